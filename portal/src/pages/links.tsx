import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { type ApiError, call, type Page } from '../api.ts'
import { formatDistance, formatSize, formatTime } from '../format.ts'
import { useNews } from '../live.ts'
import { Dialog } from '../parts/dialog.tsx'
import { announce, Empty, ErrorNotice } from '../parts/notice.tsx'
import { PageFrame } from '../parts/page.tsx'
import { Rows, Skeleton } from '../parts/rows.tsx'
import { useAction } from '../parts/use-action.ts'
import { PageLink } from '../router.tsx'
import { t, tn } from '../texts.ts'
import { type Listing, useList, useThing } from '../use-list.ts'
import type { FileEntry, Link, Manifest, Pickup } from '../wire.ts'

/** What was handed out, links to files and lists of them: how long it lives, how it was used, and how to end it. */
export function LinksPage() {
  const links = useList<Link>('/links')
  const lists = useList<Manifest>('/manifests')
  useNews((news) => {
    const action = news.kind === 'event' ? news.event.action : ''
    if (action === 'link.revoked' || news.kind === 'again') links.reload()
    if (action.startsWith('manifest.') || news.kind === 'again') lists.reload()
  })
  const hasLists = lists.items.length > 0 || lists.error !== null
  return (
    <PageFrame title={t('nav_links')} lead={t('links_lead')}>
      {hasLists && (
        <>
          <h2>{t('lists')}</h2>
          <ListRows lists={lists} />
          <h2>{t('links_files')}</h2>
        </>
      )}
      {lists.isLoading ? <Skeleton /> : <LinkRows links={links} isAll={!hasLists} />}
    </PageFrame>
  )
}

function ListRows({ lists }: { lists: Listing<Manifest> }) {
  const { error, button } = useRevoking(lists, {
    pathOf: ({ id }) => `/manifests/${id}`,
    nameOf: ({ name }) => name,
    told: 'list_revoked',
  })
  return (
    <>
      <ErrorNotice error={error} />
      <Rows
        list={lists}
        label={t('lists')}
        keyOf={({ id }) => id}
        empty={null}
        row={(list) => <ListRow list={list} revoke={button(list)} />}
      />
    </>
  )
}

function ListRow({ list, revoke }: { list: Manifest; revoke: ComponentChildren }) {
  return (
    <article class="row">
      <div class="row-main">
        <span class="row-title" title={list.name}>
          {list.name}
        </span>
        <span class="quiet row-note">
          <Expiry {...list} />
          {list.files === null ? t('list_whole') : tn('files', list.files)} ·{' '}
          {t('made', { when: formatDistance(list.createdAt) })}
        </span>
      </div>
      <Standing {...list} />
      <div class="row-action">{revoke}</div>
    </article>
  )
}

function LinkRows({ links, isAll }: { links: Listing<Link>; isAll: boolean }) {
  const [shown, setShown] = useState<Link | null>(null)
  const { error, button } = useRevoking(links, {
    pathOf: ({ id }) => `/links/${id}`,
    nameOf: ({ fileName }) => fileName,
    told: 'link_revoked',
  })
  return (
    <>
      <ErrorNotice error={error} />
      <Rows
        list={links}
        label={t('links_files')}
        keyOf={({ id }) => id}
        empty={isAll ? <NothingYet /> : <p class="quiet">{t('links_none')}</p>}
        row={(link) => <LinkRow link={link} onUse={() => setShown(link)} revoke={button(link)} />}
      />
      {shown !== null && <UseDialog link={shown} onClose={() => setShown(null)} />}
    </>
  )
}

interface LinkRowProps {
  link: Link
  onUse(): void
  /** The button that ends it. */
  revoke: ComponentChildren
}

function LinkRow({ link, onUse, revoke }: LinkRowProps) {
  const use = link.maxUses !== null && t('link_used', { used: link.used ?? 0, of: link.maxUses })
  return (
    <article class="row">
      <div class="row-main">
        <span class="row-title" title={link.fileName}>
          {link.fileName}
        </span>
        <span class="quiet row-note">
          <Expiry {...link} />
          {use && `${use} · `}
          {t('made', { when: formatDistance(link.createdAt) })}
        </span>
      </div>
      <Standing {...link} />
      <div class="row-action">
        {link.fileNumber !== null && (
          <button type="button" aria-label={t('use_name', { name: link.fileName })} onClick={onUse}>
            {t('use')}
          </button>
        )}
        {revoke}
      </div>
    </article>
  )
}

function NothingYet() {
  return (
    <Empty title={t('links_empty')}>
      <p>{t('links_empty_lead')}</p>
      <PageLink to="/pick-up" class="button">
        {t('nav_pick_up')}
      </PageLink>
    </Empty>
  )
}

interface HandedOut {
  id: string
  expiresAt: string
  revokedAt: string | null
}

/** Until when it opens something; nothing of what does not any more. */
function Expiry({ revokedAt, expiresAt }: HandedOut) {
  if (revokedAt !== null) return null
  return (
    <>
      <span title={formatTime(expiresAt)}>{t('expires', { when: formatDistance(expiresAt) })}</span>
      {' · '}
    </>
  )
}

function Standing({ revokedAt }: HandedOut) {
  return (
    <div class="row-state">
      <span class="badge" data-link={revokedAt === null ? 'open' : 'revoked'}>
        {revokedAt === null ? t('link_open') : t('link_over')}
      </span>
    </div>
  )
}

interface Revoking<Item> {
  pathOf(item: Item): string
  nameOf(item: Item): string
  /** What is said when it is done. */
  told: 'link_revoked' | 'list_revoked'
}

/** The button that ends one of a list, and why that failed. */
function useRevoking<Item extends HandedOut>(
  list: Listing<Item>,
  { pathOf, nameOf, told }: Revoking<Item>,
): { error: ApiError | null; button(item: Item): ComponentChildren } {
  const { error, isBusy, run } = useAction()
  const revoke = async (item: Item) => {
    await call('DELETE', pathOf(item))
    const revokedAt = new Date().toISOString()
    list.change((items) => items.map((one) => (one.id === item.id ? { ...one, revokedAt } : one)))
    announce(t(told, { name: nameOf(item) }))
  }
  const button = (item: Item) => (
    <button
      type="button"
      class="danger"
      disabled={item.revokedAt !== null || isBusy}
      aria-label={t('revoke_name', { name: nameOf(item) })}
      onClick={() => run(() => revoke(item))}
    >
      {t('revoke')}
    </button>
  )
  return { error, button }
}

function UseDialog({ link, onClose }: { link: Link; onClose(): void }) {
  const file = useThing<FileEntry>(`/files/${link.fileNumber}`)
  const deliveryId = file.thing?.deliveryId
  const path = deliveryId === undefined ? null : `/pickups?delivery=${deliveryId}&limit=1000`
  const pickups = useThing<Page<Pickup>>(path)
  const uses = pickups.thing?.items.filter(({ linkId }) => linkId === link.id)
  return (
    <Dialog title={t('use_name', { name: link.fileName })} onClose={onClose}>
      <ErrorNotice error={file.error ?? pickups.error} />
      {uses === undefined && file.error === null && <Skeleton rows={1} />}
      {uses?.length === 0 && <p>{t('not_used')}</p>}
      {uses?.map((use) => (
        <p key={use.fileNumber}>
          {t('used', { size: formatSize(use.bytesSent), when: formatTime(use.updatedAt) })}
        </p>
      ))}
    </Dialog>
  )
}
