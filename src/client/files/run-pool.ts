import { aborted } from '../wait.ts'

/** Works on items, so many at a time; the first failure ends it when what runs has ended. */
export async function runPool<Item>(
  items: readonly Item[],
  { jobs, signal }: { jobs: number; signal: AbortSignal },
  work: (item: Item) => Promise<void>,
): Promise<void> {
  let next = 0
  let failure: { error: unknown } | null = null
  const worker = async () => {
    while (next < items.length && failure === null) {
      if (signal.aborted) throw aborted(signal)
      const item = items[next] as Item
      next += 1
      await work(item)
    }
  }
  const workers = Array.from({ length: Math.min(jobs, items.length) }, () =>
    worker().catch((error: unknown) => {
      failure ??= { error }
    }),
  )
  await Promise.all(workers)
  const failed = failure as { error: unknown } | null
  if (failed !== null) throw failed.error
}
