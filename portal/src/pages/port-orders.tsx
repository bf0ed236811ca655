import { useEffect, useRef, useState } from 'preact/hooks'
import { type ApiError, post, transmit } from '../api.ts'
import { formatTime } from '../format.ts'
import { useNews } from '../live.ts'
import { DownloadButton } from '../parts/download-button.tsx'
import { Drop } from '../parts/drop.tsx'
import { announce, Empty, ErrorNotice } from '../parts/notice.tsx'
import { PageFrame } from '../parts/page.tsx'
import { Rows, Skeleton } from '../parts/rows.tsx'
import { Progress } from '../parts/state-badge.tsx'
import { useAction } from '../parts/use-action.ts'
import { PageLink } from '../router.tsx'
import { inWords } from '../sentences.ts'
import { hasText, t, tn } from '../texts.ts'
import { useList, useThing } from '../use-list.ts'
import type { PortOrder, PortOrderDocument } from '../wire.ts'

/** Port orders, newest first. */
export function PortOrdersPage() {
  const list = useList<PortOrder>('/port-orders')
  useNews((news) => {
    const isOne = news.kind === 'event' && news.event.action.startsWith('port-order.')
    if (isOne || news.kind === 'again') list.reload()
  })
  return (
    <PageFrame title={t('nav_port_orders')} lead={t('port_orders_lead')}>
      <Rows
        list={list}
        label={t('nav_port_orders')}
        keyOf={({ number }) => number}
        empty={
          <Empty title={t('port_orders_empty')}>
            <p>{t('port_orders_empty_lead')}</p>
            <p>
              <a href="/docs">{t('api_reference')}</a>
            </p>
          </Empty>
        }
        row={(order) => (
          <article class="row">
            <div class="row-main">
              <PageLink to={`/port-orders/${order.number}`} class="row-title">
                {titleOf(order)}
              </PageLink>
              <span class="quiet row-note">
                {order.phoneNumbers.slice(0, 3).join(', ')}
                {order.phoneNumbers.length > 3 && ' …'} · {tn('documents', order.documents.length)}
              </span>
            </div>
            <div class="row-state">
              <StatusBadge status={order.status} />
            </div>
            <div class="row-action">
              <PageLink
                to={`/port-orders/${order.number}`}
                class="button"
                label={t('open_name', { name: titleOf(order) })}
              >
                {t('open')}
              </PageLink>
            </div>
          </article>
        )}
      />
    </PageFrame>
  )
}

function titleOf({ alias, number }: PortOrder): string {
  return alias ?? t('kind_port-order', { number })
}

function StatusBadge({ status }: { status: string }) {
  const key = `port_${status}`
  return (
    <span class="badge" data-status={status}>
      {hasText(key) ? t(key) : status}
    </span>
  )
}

/** One port order and its documents; while it is open, more may be added. */
export function PortOrderPage({ number }: { number: string }) {
  const { thing: order, error, reload } = useThing<PortOrder>(`/port-orders/${number}`)
  useNews((news) => {
    const isIts = news.kind === 'event' && news.event.deliveryNumber === Number(number)
    if (isIts || news.kind === 'again') reload()
  })
  const isPulling = order?.documents.some(
    ({ status, name }) =>
      status === 'processing' || (status === 'pending' && /^https?:/.test(name)),
  )
  useEffect(() => {
    if (!isPulling) return
    const timer = setInterval(reload, 2000)
    return () => clearInterval(timer)
  }, [isPulling, reload])
  if (order === null) {
    return (
      <PageFrame title={t('kind_port-order', { number })}>
        <ErrorNotice error={error} onRetry={reload} />
        {error === null && <Skeleton rows={3} />}
      </PageFrame>
    )
  }
  return (
    <PageFrame
      title={titleOf(order)}
      lead={
        <>
          #{order.number} · <StatusBadge status={order.status} /> · {formatTime(order.createdAt)}
        </>
      }
    >
      <p>{order.phoneNumbers.join(', ')}</p>
      <h2>{t('documents_title')}</h2>
      {order.documents.length === 0 && <p class="quiet">{t('no_documents')}</p>}
      <ul class="rows">
        {order.documents.map((document) => (
          <li key={document.number}>
            <DocumentRow document={document} />
          </li>
        ))}
      </ul>
      {order.isOpen ? (
        <AddDocument number={order.number} onAdded={reload} />
      ) : (
        <p class="quiet">{t('documents_closed')}</p>
      )}
    </PageFrame>
  )
}

function DocumentRow({ document }: { document: PortOrderDocument }) {
  const { number, name, status, message } = document
  return (
    <article class="row">
      <div class="row-main">
        <span class="row-title">{name}</span>
        <span class="quiet row-note">{message === null ? `#${number}` : inWords(message)}</span>
      </div>
      <div class="row-state">
        <span class="badge" data-document={status}>
          {t(`document_${status}`)}
        </span>
      </div>
      <div class="row-action">
        {status === 'complete' && <DownloadButton file={{ number, name }} />}
      </div>
    </article>
  )
}

function AddDocument({ number, onAdded }: { number: number; onAdded(): void }) {
  const [url, setUrl] = useState('')
  const [done, setDone] = useState<number | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  const leaving = useRef(new AbortController())
  useEffect(() => () => leaving.current.abort(), [])
  const action = useAction()
  const upload = async (file: File) => {
    setError(null)
    setDone(0)
    try {
      const { uploadUrl } = await post<{ uploadUrl: string }>(`/port-orders/${number}/documents`, {
        fileName: file.name,
      })
      const { signal } = leaving.current
      await transmit({ method: 'PUT', url: uploadUrl, bytes: file, onProgress: setDone, signal })
      announce(t('document_added', { name: file.name }))
    } catch (problem) {
      if ((problem as ApiError).code !== 'aborted') setError(problem as ApiError)
    }
    setDone(null)
    onAdded()
  }
  return (
    <section class="panel">
      <h2>{t('document_add')}</h2>
      <Drop
        label={t('document_drop')}
        hint={t('document_hint')}
        disabled={done !== null}
        onFiles={([file]) => {
          if (file !== undefined) void upload(file)
        }}
      />
      {done !== null && <Progress value={done} label={t('uploading')} />}
      <ErrorNotice error={error} />
      <form
        class="inline"
        onSubmit={(event) => {
          event.preventDefault()
          action.run(async () => {
            await post(`/port-orders/${number}/documents`, { url })
            setUrl('')
            onAdded()
          })
        }}
      >
        <div class="field grow">
          <label for="url">{t('document_url')}</label>
          <input
            id="url"
            type="url"
            required
            placeholder="https://…"
            value={url}
            onInput={(event) => setUrl(event.currentTarget.value)}
          />
        </div>
        <button type="submit" disabled={action.isBusy}>
          {t('document_pull')}
        </button>
      </form>
      <ErrorNotice error={action.error} />
    </section>
  )
}
