import { useState } from 'preact/hooks'
import { call, type Page } from '../api.ts'
import { formatDistance, formatSize, formatTime } from '../format.ts'
import { Dialog } from '../parts/dialog.tsx'
import { announce, Empty, ErrorNotice } from '../parts/notice.tsx'
import { PageFrame } from '../parts/page.tsx'
import { Rows, Skeleton } from '../parts/rows.tsx'
import { useAction } from '../parts/use-action.ts'
import { PageLink } from '../router.tsx'
import { t } from '../texts.ts'
import { useList, useThing } from '../use-list.ts'
import type { FileEntry, Link, Pickup } from '../wire.ts'

/** Signed URLs that were handed out: how long they live, how they were used, and how to end them. */
export function LinksPage() {
  const list = useList<Link>('/links')
  const [shown, setShown] = useState<Link | null>(null)
  const action = useAction()
  const revoke = (link: Link) =>
    action.run(async () => {
      await call('DELETE', `/links/${link.id}`)
      const revokedAt = new Date().toISOString()
      list.change((items) => items.map((one) => (one.id === link.id ? { ...one, revokedAt } : one)))
      announce(t('link_revoked', { name: link.fileName }))
    })
  return (
    <PageFrame title={t('nav_links')} lead={t('links_lead')}>
      <ErrorNotice error={action.error} />
      <Rows
        list={list}
        label={t('nav_links')}
        keyOf={({ id }) => id}
        empty={
          <Empty title={t('links_empty')}>
            <p>{t('links_empty_lead')}</p>
            <PageLink to="/pick-up" class="button">
              {t('nav_pick_up')}
            </PageLink>
          </Empty>
        }
        row={(link) => (
          <article class="row">
            <div class="row-main">
              <span class="row-title">{link.fileName}</span>
              <span class="quiet row-note">
                {t('made', { when: formatDistance(link.createdAt) })}
                {link.maxUses !== null &&
                  ` · ${t('link_used', { used: link.used ?? 0, of: link.maxUses })}`}
              </span>
            </div>
            <div class="row-state">
              <span class="badge" data-link={link.revokedAt === null ? 'open' : 'revoked'}>
                {link.revokedAt === null ? t('link_open') : t('link_over')}
              </span>
              <span class="quiet" title={formatTime(link.expiresAt)}>
                {t('expires', { when: formatDistance(link.expiresAt) })}
              </span>
            </div>
            <div class="row-action">
              {link.fileNumber !== null && (
                <button
                  type="button"
                  aria-label={t('use_name', { name: link.fileName })}
                  onClick={() => setShown(link)}
                >
                  {t('use')}
                </button>
              )}
              <button
                type="button"
                class="danger"
                disabled={link.revokedAt !== null || action.isBusy}
                aria-label={t('revoke_name', { name: link.fileName })}
                onClick={() => revoke(link)}
              >
                {t('revoke')}
              </button>
            </div>
          </article>
        )}
      />
      {shown !== null && <UseDialog link={shown} onClose={() => setShown(null)} />}
    </PageFrame>
  )
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
