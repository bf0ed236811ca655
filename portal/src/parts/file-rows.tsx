import { useEffect, useRef, useState } from 'preact/hooks'
import { formatSize } from '../format.ts'
import { inWords } from '../sentences.ts'
import { t } from '../texts.ts'
import { type Listing, useList } from '../use-list.ts'
import type { FileEntry } from '../wire.ts'
import { DownloadButton } from './download-button.tsx'
import { LinkDialog } from './link-dialog.tsx'
import { Rows } from './rows.tsx'

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
        row={(file) => <FileRow file={file} onLink={() => setLinked(file)} />}
      />
      {linked !== null && <LinkDialog file={linked} onClose={() => setLinked(null)} />}
    </>
  )
}

function FileRow({ file, onLink }: { file: FileEntry; onLink(): void }) {
  const notes = [
    file.size === null ? null : formatSize(file.size),
    file.state === 'available' ? null : t(`file_${file.state}`),
    file.message === null ? null : inWords(file.message),
  ]
  return (
    <article class="row">
      <div class="row-main">
        <span class="row-title" title={file.name}>
          {file.name}
        </span>
        <span class="quiet row-note">{notes.filter((note) => note !== null).join(' · ')}</span>
      </div>
      <div class="row-action">
        {(file.state === 'available' || file.state === 'delivered') && (
          <>
            <button type="button" aria-label={t('link_name', { name: file.name })} onClick={onLink}>
              {t('link')}
            </button>
            <DownloadButton file={file} />
          </>
        )}
      </div>
    </article>
  )
}
