import { useState } from 'preact/hooks'
import { call } from '../../api.ts'
import { formatSize, formatTime } from '../../format.ts'
import { useNews } from '../../live.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { announce, Empty, ErrorNotice } from '../../parts/notice.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Rows } from '../../parts/rows.tsx'
import { useAction } from '../../parts/use-action.ts'
import { t, tn } from '../../texts.ts'
import { useList } from '../../use-list.ts'
import type { Product } from '../../wire.ts'
import { PublishProduct } from './publish-product.tsx'

/** What the organization's accounts may order, newest first. */
export function ProductsPage() {
  const list = useList<Product>('/products')
  const [isPublishing, setPublishing] = useState(false)
  const [leaving, setLeaving] = useState<Product | null>(null)
  useNews((news) => {
    const isOne = news.kind === 'event' && news.event.action.startsWith('product.')
    if (isOne || news.kind === 'again') list.reload()
  })
  return (
    <PageFrame
      title={t('nav_products')}
      lead={t('products_lead')}
      actions={
        <button type="button" class="primary" onClick={() => setPublishing(true)}>
          {t('product_publish')}
        </button>
      }
    >
      <Rows
        list={list}
        label={t('nav_products')}
        keyOf={({ urn }) => urn}
        empty={
          <Empty title={t('products_empty')}>
            <p>{t('products_empty_lead')}</p>
          </Empty>
        }
        row={(product) => (
          <article class="row">
            <div class="row-main">
              <span class="row-title" title={product.productId}>
                {product.productId}
              </span>
              <span class="quiet row-note" title={product.urn}>
                {tn('files', product.files)}, {formatSize(product.bytes)} · {product.dataset.label}
              </span>
            </div>
            <div class="row-state quiet">
              <time dateTime={product.createdAt}>{formatTime(product.createdAt)}</time>
            </div>
            <div class="row-action">
              <button
                type="button"
                class="danger"
                aria-label={t('withdraw_name', { name: product.productId })}
                onClick={() => setLeaving(product)}
              >
                {t('withdraw')}
              </button>
            </div>
          </article>
        )}
      />
      {isPublishing && (
        <PublishProduct onPublished={list.reload} onClose={() => setPublishing(false)} />
      )}
      {leaving !== null && (
        <WithdrawDialog
          product={leaving}
          onWithdrawn={list.reload}
          onClose={() => setLeaving(null)}
        />
      )}
    </PageFrame>
  )
}

interface WithdrawProps {
  product: Product
  onWithdrawn(): void
  onClose(): void
}

function WithdrawDialog({ product: { urn, productId }, onWithdrawn, onClose }: WithdrawProps) {
  const action = useAction()
  const withdraw = async () => {
    await call('DELETE', `/products/${encodeURIComponent(urn)}`)
    announce(t('product_withdrawn', { name: productId }))
    onWithdrawn()
    onClose()
  }
  return (
    <Dialog title={t('withdraw_name', { name: productId })} onClose={onClose}>
      <p>{t('withdraw_lead')}</p>
      <ErrorNotice error={action.error} />
      <button
        type="button"
        class="danger"
        disabled={action.isBusy}
        onClick={() => action.run(withdraw)}
      >
        {t('withdraw')}
      </button>
    </Dialog>
  )
}
