import { useState } from 'preact/hooks'
import type { ApiError } from '../api.ts'

/** Something that a button does: whether it is under way, and why it was refused. */
export function useAction(): {
  isBusy: boolean
  error: ApiError | null
  run(work: () => Promise<unknown>): void
} {
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<ApiError | null>(null)
  return {
    isBusy,
    error,
    run(work) {
      if (isBusy) return
      setBusy(true)
      setError(null)
      work().then(
        () => setBusy(false),
        (problem) => {
          setBusy(false)
          setError(problem as ApiError)
        },
      )
    },
  }
}
