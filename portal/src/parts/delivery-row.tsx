import { useEffect, useState } from 'preact/hooks'
import { get, type Page } from '../api.ts'
import { formatDistance, formatSize, formatTime } from '../format.ts'
import { useTitle } from '../names.ts'
import { PageLink } from '../router.tsx'
import { inWords } from '../sentences.ts'
import { t, tn } from '../texts.ts'
import { type Delivery, type FileEntry, isOver } from '../wire.ts'
import { Progress, StateBadge } from './state-badge.tsx'

/** Where a delivery is looked at. */
export function deliveryPath({ kind, id, number }: Delivery): string {
  if (kind === 'order') return `/orders/${number}`
  if (kind === 'import') return `/imports/${id}`
  if (kind === 'port-order') return `/port-orders/${number}`
  return `/deliveries/${id}`
}

/**
 * A delivery in a list, with the one thing to do with it.
 * @param by whose it is, where that is not plain
 */
export function DeliveryRow({ delivery, by }: { delivery: Delivery; by?: string | undefined }) {
  const { state, kind, createdAt, expiresAt, message } = delivery
  const files = useFirstFiles(delivery)
  const title = useTitle(delivery)
  const isReady = (state === 'done' || state === 'incomplete') && files !== null
  return (
    <article class="row" data-delivery={delivery.number}>
      <div class="row-main">
        <PageLink to={deliveryPath(delivery)} class="row-title">
          {title}
        </PageLink>
        <span class="quiet row-note">
          {files !== null && `${filesNote(files)} · `}
          {state === 'failed' && message !== null && `${inWords(message)} · `}
          {by !== undefined && `${by} · `}#{delivery.number} ·{' '}
          <time dateTime={createdAt}>{formatDistance(createdAt)}</time>
        </span>
      </div>
      <div class="row-state">
        <StateBadge state={state} />
        {isOver(state) ? (
          expiresAt !== null &&
          state !== 'expired' && (
            <span class="quiet" title={formatTime(expiresAt)}>
              {t('expires', { when: formatDistance(expiresAt) })}
            </span>
          )
        ) : (
          <Progress value={delivery.progress} label={t('progress_of', { name: title })} />
        )}
      </div>
      <div class="row-action">
        {isReady && kind !== 'order' && files.items.length > 0 ? (
          <PickUpButton delivery={delivery} files={files} title={title} />
        ) : (
          <PageLink
            to={deliveryPath(delivery)}
            class="button"
            label={t('open_name', { name: title })}
          >
            {t('open')}
          </PageLink>
        )}
      </div>
    </article>
  )
}

interface PickUpProps {
  delivery: Delivery
  files: Page<FileEntry>
  title: string
}

function PickUpButton({ delivery, files, title }: PickUpProps) {
  const [only] = files.items
  const isOne = files.items.length === 1 && files.next === null && only !== undefined
  const href = isOne ? `/v1/files/${only.number}/content` : `/v1/deliveries/${delivery.id}/archive`
  const name = isOne ? only.name : title
  return (
    <a class="button primary" href={href} download aria-label={t('download_name', { name })}>
      {t('download')}
    </a>
  )
}

function filesNote({ items, next }: Page<FileEntry>): string {
  const [only] = items
  if (only === undefined) return t('no_files')
  if (items.length === 1 && next === null) {
    return only.size === null ? only.name : `${only.name}, ${formatSize(only.size)}`
  }
  const total = items.reduce((sum, { size }) => sum + (size ?? 0), 0)
  return next === null ? `${tn('files', items.length)}, ${formatSize(total)}` : t('many_files')
}

const remembered = new Map<string, Page<FileEntry>>()

/** The first files of a delivery that is over, looked up when its row comes into view. */
function useFirstFiles({ id, state, finishedAt }: Delivery): Page<FileEntry> | null {
  const key = `${id} ${state} ${finishedAt}`
  const [files, setFiles] = useState<Page<FileEntry> | null>(remembered.get(key) ?? null)
  const isWanted = state === 'done' || state === 'incomplete'
  useEffect(() => {
    if (!isWanted) return
    const known = remembered.get(key)
    if (known !== undefined) {
      setFiles(known)
      return
    }
    get<Page<FileEntry>>(`/deliveries/${id}/files?limit=20`).then(
      (page) => {
        if (remembered.size > 2000) remembered.clear()
        remembered.set(key, page)
        setFiles(page)
      },
      // The row says what it knows without them.
      () => {},
    )
  }, [key, isWanted])
  return isWanted ? files : null
}
