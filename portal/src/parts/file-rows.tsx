import { useEffect, useRef, useState } from 'preact/hooks'
import { post } from '../api.ts'
import { formatSize, formatTime } from '../format.ts'
import { inWords } from '../sentences.ts'
import { t, tn } from '../texts.ts'
import { type Listing, useList } from '../use-list.ts'
import type { FileEntry } from '../wire.ts'
import { CopyField } from './copy-field.tsx'
import { Dialog } from './dialog.tsx'
import { ErrorNotice } from './notice.tsx'
import { Rows } from './rows.tsx'
import { useAction } from './use-action.ts'

/**
 * The files of a delivery; null while there are none to come.
 * @param version with another one they are asked for again
 */
export function useFiles(deliveryId: string | null, version: string): Listing<FileEntry> {
  const list = useList<FileEntry>(deliveryId === null ? null : `/deliveries/${deliveryId}/files`)
  const seen = useRef({ deliveryId, version })
  useEffect(() => {
    const before = seen.current
    seen.current = { deliveryId, version }
    if (before.deliveryId === deliveryId && before.version !== version) list.reload()
  }, [deliveryId, version])
  return list
}

/** Files, each to download or to hand out by a link. */
export function FileRows({ list }: { list: Listing<FileEntry> }) {
  const [linked, setLinked] = useState<FileEntry | null>(null)
  return (
    <>
      <Rows
        list={list}
        label={t('files_title')}
        keyOf={({ number }) => number}
        empty={<p class="quiet">{t('no_files')}</p>}
        row={(file) => (
          <article class="row">
            <div class="row-main">
              <span class="row-title" title={file.name}>
                {file.name}
              </span>
              <span class="quiet row-note">
                {[
                  file.size === null ? null : formatSize(file.size),
                  file.state === 'available' ? null : t(`file_${file.state}`),
                  file.message === null ? null : inWords(file.message),
                ]
                  .filter((part) => part !== null)
                  .join(' · ')}
              </span>
            </div>
            <div class="row-action">
              {(file.state === 'available' || file.state === 'delivered') && (
                <>
                  <button
                    type="button"
                    aria-label={t('link_name', { name: file.name })}
                    onClick={() => setLinked(file)}
                  >
                    {t('link')}
                  </button>
                  <a
                    class="button primary"
                    href={`/v1/files/${file.number}/content`}
                    download
                    aria-label={t('download_name', { name: file.name })}
                  >
                    {t('download')}
                  </a>
                </>
              )}
            </div>
          </article>
        )}
      />
      {linked !== null && <LinkDialog file={linked} onClose={() => setLinked(null)} />}
    </>
  )
}

const useCounts = [1, 5, 20] as const
const lifetimes = [900, 3600, 86_400, 604_800] as const

function LinkDialog({ file, onClose }: { file: FileEntry; onClose(): void }) {
  const [lifetimeSeconds, setLifetime] = useState(86_400)
  const [maxUses, setMaxUses] = useState('')
  const [page, setPage] = useState(false)
  const [made, setMade] = useState<{ url: string; expiresAt: string } | null>(null)
  const action = useAction()
  return (
    <Dialog title={t('link_title', { name: file.name })} onClose={onClose}>
      {made === null ? (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            const limits = maxUses === '' ? {} : { maxUses: Number(maxUses) }
            const wish = { lifetimeSeconds, page, ...limits }
            action.run(async () => setMade(await post(`/files/${file.number}/links`, wish)))
          }}
        >
          <p>{t('link_lead')}</p>
          <div class="field">
            <label for="lifetime">{t('link_lifetime')}</label>
            <select
              id="lifetime"
              value={String(lifetimeSeconds)}
              onChange={(event) => setLifetime(Number(event.currentTarget.value))}
            >
              {lifetimes.map((seconds) => (
                <option key={seconds} value={String(seconds)}>
                  {t(`lifetime_${seconds}`)}
                </option>
              ))}
            </select>
          </div>
          <div class="field">
            <label for="max-uses">{t('link_uses')}</label>
            <select
              id="max-uses"
              value={maxUses}
              onChange={(event) => setMaxUses(event.currentTarget.value)}
            >
              <option value="">{t('link_uses_any')}</option>
              {useCounts.map((count) => (
                <option key={count} value={String(count)}>
                  {tn('link_uses_count', count)}
                </option>
              ))}
            </select>
          </div>
          <label class="check">
            <input
              type="checkbox"
              checked={page}
              onChange={(event) => setPage(event.currentTarget.checked)}
            />{' '}
            {t('link_page')}
          </label>
          <ErrorNotice error={action.error} />
          <button type="submit" class="primary" disabled={action.isBusy}>
            {t('link_make')}
          </button>
        </form>
      ) : (
        <>
          <CopyField label={t('link_url')} text={made.url} />
          <p class="quiet">{t('link_until', { when: formatTime(made.expiresAt) })}</p>
        </>
      )}
    </Dialog>
  )
}
