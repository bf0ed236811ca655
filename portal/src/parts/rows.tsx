import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { t } from '../texts.ts'
import type { Listing } from '../use-list.ts'
import { ErrorNotice } from './notice.tsx'

interface RowsProps<Item> {
  list: Listing<Item>
  /** What the list is, for those who do not see it. */
  label: string
  keyOf(item: Item): string | number
  row(item: Item): ComponentChildren
  empty: ComponentChildren
}

/** So many rows are in the page beyond those that are seen, on each side. */
const SPARE = 20

/**
 * A listing as rows of one height: only those near the window are in the page, so that a hundred
 * thousand scroll like ten, and the next page is fetched before its place comes into view.
 */
export function Rows<Item>({ list, label, keyOf, row, empty }: RowsProps<Item>) {
  const frame = useRef<HTMLUListElement>(null)
  const [height, setHeight] = useState(0)
  const [span, setSpan] = useState({ first: 0, last: 60 })
  const { items, hasMore } = list

  useLayoutEffect(() => {
    const one = frame.current?.querySelector('li')
    if (one) setHeight(one.getBoundingClientRect().height)
  }, [items.length > 0])

  useEffect(() => {
    const look = () => {
      const box = frame.current?.getBoundingClientRect()
      const one = frame.current?.querySelector('li')?.getBoundingClientRect().height ?? height
      if (box === undefined || one === 0) return
      if (one !== height) setHeight(one)
      const first = Math.max(0, Math.floor(-box.top / one) - SPARE)
      const last = Math.ceil((innerHeight - box.top) / one) + SPARE
      setSpan((now) => (now.first === first && now.last === last ? now : { first, last }))
      if (last >= items.length) list.more()
    }
    look()
    window.addEventListener('scroll', look, { passive: true })
    window.addEventListener('resize', look)
    return () => {
      window.removeEventListener('scroll', look)
      window.removeEventListener('resize', look)
    }
  })

  if (list.error !== null && items.length === 0) {
    return <ErrorNotice error={list.error} onRetry={list.reload} />
  }
  if (list.isLoading) return <Skeleton />
  if (items.length === 0 && !hasMore) return <>{empty}</>
  const first = Math.min(span.first, Math.max(0, items.length - 1))
  const last = Math.min(items.length, span.last)
  return (
    <>
      <ul
        class="rows"
        ref={frame}
        aria-label={label}
        style={{
          paddingTop: `${first * height}px`,
          paddingBottom: `${(items.length - last) * height}px`,
        }}
      >
        {items.slice(first, last).map((item, index) => (
          <li
            key={keyOf(item)}
            aria-setsize={hasMore ? -1 : items.length}
            aria-posinset={first + index + 1}
          >
            {row(item)}
          </li>
        ))}
      </ul>
      <div class="after-rows" role="status">
        {hasMore && <span class="quiet">{t('loading_more')}</span>}
        <ErrorNotice error={list.error} onRetry={list.more} />
      </div>
    </>
  )
}

/** Holds the place of what is on its way. */
export function Skeleton({ rows = 5 }: { rows?: number }) {
  return (
    <div class="skeleton" role="status">
      <span class="unseen">{t('loading')}</span>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} aria-hidden="true" />
      ))}
    </div>
  )
}
