import { post } from '../api.ts'
import { formatNumber, formatSize, formatTime } from '../format.ts'
import { useNews } from '../live.ts'
import { FileRows, useFiles } from '../parts/file-rows.tsx'
import { ListButton } from '../parts/list-dialog.tsx'
import { ErrorNotice } from '../parts/notice.tsx'
import { PageFrame } from '../parts/page.tsx'
import { Rows, Skeleton } from '../parts/rows.tsx'
import { Progress, StateBadge } from '../parts/state-badge.tsx'
import { useAction } from '../parts/use-action.ts'
import { navigate } from '../router.tsx'
import { t, tn } from '../texts.ts'
import { useList, useThing } from '../use-list.ts'
import type { Order, OrderAction, SubOrder } from '../wire.ts'
import { shareOf } from './orders.tsx'

/** One order: its sub-orders, what is ready, what blocks, and what can be done. */
export function OrderPage({ number }: { number: string }) {
  const { thing: order, error, reload } = useThing<Order>(`/orders/${number}`)
  const batches = useList<SubOrder>(`/orders/${number}/sub-orders`)
  const version = order === null ? '' : [order.available, order.delivered, order.failed].join(' ')
  const files = useFiles(order?.deliveryId ?? null, version)
  useNews((news) => {
    const isIts = news.kind === 'event' && news.event.deliveryNumber === Number(number)
    const moves = news.kind === 'progress' && news.delivery.number === Number(number)
    if (!isIts && !moves && news.kind !== 'again') return
    reload()
    batches.reload()
  })
  if (order === null) {
    return (
      <PageFrame title={t('kind_order', { number })}>
        <ErrorNotice error={error} onRetry={reload} />
        {error === null && <Skeleton rows={4} />}
      </PageFrame>
    )
  }
  return (
    <PageFrame
      title={order.label}
      lead={
        <>
          #{order.number} · <StateBadge state={order.state} />
        </>
      }
      actions={<Actions order={order} onChanged={reload} />}
    >
      <section class="panel facts" aria-label={t('facts')}>
        <Progress value={shareOf(order)} label={t('progress_of', { name: order.label })} />
        <p class="message">
          {order.isWaitingForUser && batches.items.some(({ state }) => state === 'waiting')
            ? t('order_blocks')
            : t(`state_${order.state}_hint`)}
        </p>
        <dl>
          <Fact
            name={t('files_title')}
            value={`${formatNumber(order.files)}, ${formatSize(order.bytes)}`}
          />
          <Fact name={t('order_available')} value={formatNumber(order.available)} />
          <Fact name={t('order_delivered')} value={formatNumber(order.delivered)} />
          <Fact name={t('order_failed')} value={formatNumber(order.failed)} />
          <Fact
            name={t('kept_until')}
            value={order.expiresAt === null ? t('no_end') : formatTime(order.expiresAt)}
          />
        </dl>
      </section>
      <h2>{t('sub_orders')}</h2>
      <Rows
        list={batches}
        label={t('sub_orders')}
        keyOf={({ position }) => position}
        empty={<p class="quiet">{t('sub_orders_later')}</p>}
        row={(batch) => (
          <article class="row">
            <div class="row-main">
              <span class="row-title">{t('sub_order', { number: batch.position })}</span>
              <span class="quiet row-note">
                {tn('files', batch.files)}, {formatSize(batch.bytes)}
              </span>
            </div>
            <div class="row-state">
              <span class="badge" data-batch={batch.state}>
                {t(`batch_${batch.state}`)}
              </span>
            </div>
            <div class="row-action quiet">
              {batch.available > 0 && tn('ready_files', batch.available)}
            </div>
          </article>
        )}
      />
      <h2>{t('files_title')}</h2>
      <FileRows list={files} />
    </PageFrame>
  )
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

function Actions({ order, onChanged }: { order: Order; onChanged(): void }) {
  const action = useAction()
  const { number, deliveryId, label } = order
  const step = (name: OrderAction) =>
    action.run(async () => {
      const after = await post<Order | undefined>(`/orders/${number}/${name}`)
      if (name === 'remove') navigate('/orders')
      else if (after !== undefined && after.number !== number) navigate(`/orders/${after.number}`)
      else onChanged()
    })
  return (
    <>
      <ErrorNotice error={action.error} />
      {order.available > 0 && (
        <a
          class="button primary"
          href={`/v1/deliveries/${deliveryId}/archive`}
          download
          aria-label={t('archive_name', { name: label })}
        >
          {t('archive')}
        </a>
      )}
      {order.available + order.delivered > 0 && (
        <>
          <ListButton listed={{ delivery: deliveryId }} name={label} />
          <a
            class="button"
            href={`/v1/orders/${number}/metalink`}
            download
            aria-label={t('metalink_name', { name: label })}
          >
            Metalink
          </a>
        </>
      )}
      {order.actions.map((name) => (
        <button key={name} type="button" disabled={action.isBusy} onClick={() => step(name)}>
          {t(`order_${name}`)}
        </button>
      ))}
    </>
  )
}
