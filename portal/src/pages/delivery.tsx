import { get, post } from '../api.ts'
import { formatDistance, formatTime } from '../format.ts'
import { useNews } from '../live.ts'
import { deliveryTitle } from '../names.ts'
import { FileRows, useFiles } from '../parts/file-rows.tsx'
import { ListButton } from '../parts/list-dialog.tsx'
import { announce, ErrorNotice } from '../parts/notice.tsx'
import { PageFrame } from '../parts/page.tsx'
import { Skeleton } from '../parts/rows.tsx'
import { Progress, StateBadge } from '../parts/state-badge.tsx'
import { useAction } from '../parts/use-action.ts'
import { PageLink } from '../router.tsx'
import { inWords } from '../sentences.ts'
import { t } from '../texts.ts'
import { useThing } from '../use-list.ts'
import { type Delivery, isOver, type Me } from '../wire.ts'

/** One delivery: how far it is, what can be done with it, its files. */
export function DeliveryPage({ id, me }: { id: string; me: Me }) {
  const { thing: delivery, error, reload, set } = useThing<Delivery>(`/deliveries/${id}`)
  useNews((news) => {
    if (news.kind === 'again') reload()
    if (news.kind === 'progress' && news.delivery.id === id) set(news.delivery)
    if (news.kind !== 'event' || news.event.data.id !== id) return
    void get<Delivery>(`/deliveries/${id}`).then((now) => {
      set(now)
      if (isOver(now.state)) {
        announce(t('now_state', { name: deliveryTitle(now), state: t(`state_${now.state}`) }))
      }
    })
  })
  const hasFiles = delivery !== null && (isOver(delivery.state) || delivery.kind === 'study')
  const files = useFiles(hasFiles ? id : null, delivery?.state ?? '')
  if (delivery === null) {
    return (
      <PageFrame title={t('delivery')}>
        <ErrorNotice error={error} onRetry={reload} />
        {error === null && <Skeleton rows={3} />}
      </PageFrame>
    )
  }
  const { state } = delivery
  const title = deliveryTitle(delivery)
  return (
    <PageFrame
      title={title}
      lead={
        <>
          #{delivery.number} · <StateBadge state={state} />
        </>
      }
      actions={
        <Actions
          delivery={delivery}
          title={title}
          hasSeveral={files.items.length > 1}
          onChange={set}
        />
      }
    >
      <section class="panel facts" aria-label={t('facts')}>
        {!isOver(state) && (
          <Progress value={delivery.progress} label={t('progress_of', { name: title })} />
        )}
        <p class="message">
          {delivery.message === null ? t(`state_${state}_hint`) : inWords(delivery.message)}
        </p>
        <dl>
          <div>
            <dt>{t('asked')}</dt>
            <dd>{formatTime(delivery.createdAt)}</dd>
          </div>
          <div>
            <dt>{t('kept_until')}</dt>
            <dd>
              {delivery.expiresAt === null
                ? t('no_end')
                : `${formatTime(delivery.expiresAt)} (${formatDistance(delivery.expiresAt)})`}
            </dd>
          </div>
          {delivery.info !== null && (
            <div>
              <dt>{t('parameters')}</dt>
              <dd>
                <code>{JSON.stringify(delivery.info)}</code>
              </dd>
            </div>
          )}
        </dl>
        {delivery.ownerId !== me.id && delivery.kind !== 'study' && (
          <p class="quiet">{t('somebody_elses')}</p>
        )}
      </section>
      <h2>{t('files_title')}</h2>
      {hasFiles ? <FileRows list={files} /> : <p class="quiet">{t('files_later')}</p>}
    </PageFrame>
  )
}

interface ActionsProps {
  delivery: Delivery
  title: string
  /** There is more than one file. */
  hasSeveral: boolean
  onChange(delivery: Delivery): void
}

function Actions({ delivery, title, hasSeveral, onChange }: ActionsProps) {
  const action = useAction()
  const { id, state, kind } = delivery
  const step = (name: 'cancel' | 'retry') => () =>
    action.run(async () => onChange(await post<Delivery>(`/deliveries/${id}/${name}`)))
  return (
    <>
      <ErrorNotice error={action.error} />
      {!isOver(state) && (
        <button type="button" disabled={action.isBusy} onClick={step('cancel')}>
          {t('cancel')}
        </button>
      )}
      {kind === 'download' && (state === 'failed' || state === 'canceled') && (
        <button type="button" class="primary" disabled={action.isBusy} onClick={step('retry')}>
          {t('retry')}
        </button>
      )}
      {(state === 'done' || state === 'incomplete') && (
        <>
          {hasSeveral && (
            <a
              class="button primary"
              href={`/v1/deliveries/${id}/archive`}
              download
              aria-label={t('archive_name', { name: title })}
            >
              {t('archive')}
            </a>
          )}
          <ListButton listed={{ delivery: id }} name={title} />
        </>
      )}
      {kind === 'download' && delivery.type !== null && (
        <PageLink to={`/ask/${encodeURIComponent(delivery.type)}`} class="button">
          {t('ask_again')}
        </PageLink>
      )}
    </>
  )
}
