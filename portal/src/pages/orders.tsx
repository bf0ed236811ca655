import { useState } from 'preact/hooks'
import { ApiError, post } from '../api.ts'
import { formatDistance, formatSize } from '../format.ts'
import { useNews } from '../live.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Empty, ErrorNotice } from '../parts/notice.tsx'
import { PageFrame } from '../parts/page.tsx'
import { Rows } from '../parts/rows.tsx'
import { Progress, StateBadge } from '../parts/state-badge.tsx'
import { useAction } from '../parts/use-action.ts'
import { navigate, PageLink } from '../router.tsx'
import { t, tn } from '../texts.ts'
import { useList } from '../use-list.ts'
import type { Order } from '../wire.ts'

/** Orders of many files, newest first. */
export function OrdersPage() {
  const list = useList<Order>('/orders')
  const [isPlacing, setPlacing] = useState(false)
  useNews((news) => {
    const isOrder = news.kind === 'event' && news.event.data.kind === 'order'
    if (isOrder || news.kind === 'again') list.reload()
  })
  const place = (
    <button type="button" class="primary" onClick={() => setPlacing(true)}>
      {t('order_place')}
    </button>
  )
  return (
    <PageFrame title={t('nav_orders')} lead={t('orders_lead')} actions={place}>
      <Rows
        list={list}
        label={t('nav_orders')}
        keyOf={({ number }) => number}
        row={(order) => <OrderRow order={order} />}
        empty={
          <Empty title={t('orders_empty')}>
            <p>{t('orders_empty_lead')}</p>
          </Empty>
        }
      />
      {isPlacing && <PlaceDialog onClose={() => setPlacing(false)} />}
    </PageFrame>
  )
}

function OrderRow({ order }: { order: Order }) {
  const path = `/orders/${order.number}`
  return (
    <article class="row" data-delivery={order.number}>
      <div class="row-main">
        <PageLink to={path} class="row-title">
          {order.label}
        </PageLink>
        <span class="quiet row-note">
          {order.available > 0 && `${tn('ready_files', order.available)} · `}
          {tn('files', order.files)}, {formatSize(order.bytes)} · #{order.number} ·{' '}
          {formatDistance(order.createdAt)}
        </span>
      </div>
      <div class="row-state">
        <StateBadge state={order.state} />
        <Progress value={shareOf(order)} label={t('progress_of', { name: order.label })} />
      </div>
      <div class="row-action">
        <PageLink
          to={path}
          class={`button${order.available > 0 ? ' primary' : ''}`}
          label={t('open_name', { name: order.label })}
        >
          {t('open')}
        </PageLink>
      </div>
    </article>
  )
}

/** How much of an order is prepared, by bytes. */
export function shareOf({ bytes, treatedBytes, state }: Order): number {
  if (bytes === 0) return state === 'done' ? 1 : 0
  return treatedBytes / bytes
}

function PlaceDialog({ onClose }: { onClose(): void }) {
  const [query, setQuery] = useState('')
  const [label, setLabel] = useState('')
  const action = useAction()
  const place = async () => {
    const wish = { queries: [query], ...(label === '' ? {} : { label }) }
    const order = await post<Order>('/orders', wish).catch((error) => {
      throw error.code === 'not_found' ? new ApiError(404, { code: 'no_products' }) : error
    })
    navigate(`/orders/${order.number}`)
  }
  return (
    <Dialog title={t('order_place')} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          action.run(place)
        }}
      >
        <div class="field">
          <label for="query">{t('order_query')}</label>
          <input
            id="query"
            required
            spellcheck={false}
            value={query}
            placeholder="productId:communes-22"
            aria-describedby="query-hint"
            onInput={(event) => setQuery(event.currentTarget.value)}
          />
          <p class="quiet" id="query-hint">
            {t('order_query_hint')}
          </p>
        </div>
        <div class="field">
          <label for="label">
            {t('order_label')} <span class="quiet">({t('optional')})</span>
          </label>
          <input
            id="label"
            maxLength={255}
            value={label}
            onInput={(event) => setLabel(event.currentTarget.value)}
          />
        </div>
        <ErrorNotice error={action.error} />
        <button type="submit" class="primary" disabled={action.isBusy}>
          {t('order_place')}
        </button>
      </form>
    </Dialog>
  )
}
