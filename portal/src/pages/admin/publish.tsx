import { useEffect, useState } from 'preact/hooks'
import { get, type Page } from '../../api.ts'
import { announce } from '../../parts/notice.tsx'
import { UploadPanel } from '../../parts/upload-panel.tsx'
import { t } from '../../texts.ts'
import type { StudyDelivery } from '../../wire.ts'

/** Publishes files by dropping them on the codes of a delivery. */
export function PublishPanel() {
  const [place, setPlace] = useState({ organization: '', study: '', delivery: '' })
  useEffect(() => {
    void get<Page<StudyDelivery>>('/studies?limit=1').then(({ items: [first] }) => {
      if (first === undefined) return
      const { organization, study, delivery } = first
      setPlace((now) => (now.organization === '' ? { organization, study, delivery } : now))
    })
  }, [])
  const isReady = Object.values(place).every((code) => code !== '')
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
      <UploadPanel
        label={t('publish_drop')}
        hint={t('publish_hint')}
        disabled={!isReady}
        multiple
        target={{ study: Object.values(place).join('/') }}
        onDone={(_, { name }) => announce(t('published', { name }))}
      />
    </details>
  )
}
