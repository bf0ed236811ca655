import { useEffect, useRef, useState } from 'preact/hooks'
import { type ApiError, get, type Page, send } from '../../api.ts'
import { Drop } from '../../parts/drop.tsx'
import { announce, ErrorNotice } from '../../parts/notice.tsx'
import { Progress } from '../../parts/state-badge.tsx'
import { t } from '../../texts.ts'
import type { StudyDelivery } from '../../wire.ts'

/** Publishes a file by dropping it on the codes of a delivery. */
export function PublishPanel() {
  const [place, setPlace] = useState({ organization: '', study: '', delivery: '' })
  const [done, setDone] = useState<number | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  const leaving = useRef(new AbortController())
  useEffect(() => {
    void get<Page<StudyDelivery>>('/studies?limit=1').then(({ items: [first] }) => {
      if (first === undefined) return
      const { organization, study, delivery } = first
      setPlace((now) => (now.organization === '' ? { organization, study, delivery } : now))
    })
    return () => leaving.current.abort()
  }, [])
  const isReady = Object.values(place).every((code) => code !== '')
  const publish = async (file: File) => {
    setError(null)
    setDone(0)
    const { organization, study, delivery } = place
    const path = [organization, study, delivery].map(encodeURIComponent).join('/')
    try {
      await send({
        method: 'PUT',
        url: `/v1/studies/${path}/files/${encodeURIComponent(file.name)}`,
        bytes: file,
        onProgress: setDone,
        signal: leaving.current.signal,
      })
      announce(t('published', { name: file.name }))
    } catch (problem) {
      if ((problem as ApiError).code !== 'aborted') setError(problem as ApiError)
    }
    setDone(null)
  }
  return (
    <details class="panel">
      <summary>{t('publish')}</summary>
      <div class="filters">
        {(['organization', 'study', 'delivery'] as const).map((key) => (
          <div class="field" key={key}>
            <label for={`publish-${key}`}>{t(`code_${key}`)}</label>
            <input
              id={`publish-${key}`}
              value={place[key]}
              spellcheck={false}
              onInput={(event) => setPlace({ ...place, [key]: event.currentTarget.value })}
            />
          </div>
        ))}
      </div>
      <Drop
        label={t('publish_drop')}
        hint={t('publish_hint')}
        disabled={done !== null || !isReady}
        onFile={(file) => void publish(file)}
      />
      {done !== null && <Progress value={done} label={t('uploading')} />}
      <ErrorNotice error={error} />
    </details>
  )
}
