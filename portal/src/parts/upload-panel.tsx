import { useEffect, useRef, useState } from 'preact/hooks'
import type { ApiError } from '../api.ts'
import { formatPercent } from '../format.ts'
import { t } from '../texts.ts'
import { type BegunUpload, begunUploads, giveUp, upload } from '../upload.ts'
import { Drop } from './drop.tsx'
import { ErrorNotice } from './notice.tsx'
import { Progress } from './state-badge.tsx'

interface UploadPanelProps {
  label: string
  hint: string
  accept?: string
  disabled?: boolean
  /** Takes more than one at a time, and sends them one after the other. */
  multiple?: boolean
  /** Where the file goes, as `/v1/uploads` has it. */
  target: Readonly<Record<string, string>>
  onDone(deliveryId: string, file: File): void
}

/** Takes a file and sends it; one that was begun before goes on when it is chosen again. */
export function UploadPanel({ target, onDone, disabled = false, ...drop }: UploadPanelProps) {
  const [done, setDone] = useState<number | null>(null)
  const [turn, setTurn] = useState('')
  const [error, setError] = useState<ApiError | null>(null)
  const [begun, setBegun] = useState<BegunUpload[]>([])
  const leaving = useRef(new AbortController())
  const kind = Object.keys(target)[0] ?? ''
  useEffect(() => {
    void begunUploads(kind).then(setBegun)
    return () => leaving.current.abort()
  }, [])
  const take = async (files: readonly File[]) => {
    setError(null)
    const { signal } = leaving.current
    try {
      for (const [index, file] of files.entries()) {
        setDone(0)
        const turn = { name: file.name, number: index + 1, count: files.length }
        setTurn(files.length === 1 ? '' : t('upload_count', turn))
        onDone(await upload({ file, target, onProgress: setDone, signal }), file)
      }
    } catch (problem) {
      if ((problem as ApiError).code !== 'aborted') setError(problem as ApiError)
    }
    setDone(null)
    setBegun(await begunUploads(kind))
  }
  const cancel = (): void => {
    leaving.current.abort()
    leaving.current = new AbortController()
  }
  return (
    <>
      <Drop {...drop} disabled={disabled || done !== null} onFiles={(files) => void take(files)} />
      {done !== null && (
        <div class="actions">
          {turn !== '' && <span>{turn}</span>}
          <Progress value={done} label={t('uploading')} />
          <button type="button" onClick={cancel}>
            {t('upload_pause')}
          </button>
        </div>
      )}
      {done === null &&
        begun.map((one) => (
          <p class="notice" key={one.key}>
            {t('upload_begun', { name: one.name, percent: formatPercent(one.done) })}{' '}
            <button
              type="button"
              aria-label={t('upload_give_up_name', { name: one.name })}
              onClick={() => {
                setBegun(begun.filter((other) => other !== one))
                void giveUp(one)
              }}
            >
              {t('upload_give_up')}
            </button>
          </p>
        ))}
      <ErrorNotice error={error} />
    </>
  )
}
