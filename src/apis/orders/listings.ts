import { isOver } from '../../core/delivery-state.ts'
import type { FilesPage } from '../../core/orders/order-contents.ts'
import type { PageRequest } from './page.ts'
import { type Base, type OrdersProfile, toDocumentedFile, toShippedFile } from './wire.ts'

interface Listing {
  profile: OrdersProfile
  page: PageRequest
  base: Base
  /** The listing's own address without its query. */
  self: string
}

/**
 * "200: Your order request is over and all files available can be downloaded; 204: pending, no file
 * is available for download yet; 206: pending, some files are already available". The live system
 * answers 200 always. The status tells of the order, not of the page: beyond the last page too.
 */
export function listingStatus(
  { delivery, order, total }: Pick<FilesPage, 'delivery' | 'order' | 'total'>,
  { profile, isPartOver = false }: { profile: OrdersProfile; isPartOver?: boolean },
): 200 | 204 | 206 {
  if (profile === 'shipped') return 200
  if (isPartOver || isOver(delivery.state) || order.deleted_at !== null) return 200
  return total === 0 ? 204 : 206
}

/** A page of files that can be picked up. */
export function toFilesPage(
  { files, total }: Pick<FilesPage, 'files' | 'total'>,
  listing: Listing,
): object {
  const { profile, page, base } = listing
  if (profile === 'shipped') {
    return toPageModel(
      { items: files.map((file) => wrap(toShippedFile(file, base))), total },
      listing,
    )
  }
  return {
    metadata: {
      number: page.number,
      size: page.size,
      // The document prints this key, with the colon.
      'size:': page.size,
      totalElements: total,
      totalPages: pagesOf(total, page),
    },
    content: files.map((file) => toDocumentedFile(file, base)),
  }
}

/** A page as the live system lists whatever it has: items are wrapped, links stand at both levels. */
export function toPageModel(
  { items, total }: { items: readonly object[]; total: number },
  { page, self }: Listing,
): object {
  const { number, size } = page
  const totalPages = pagesOf(total, page)
  const link = (rel: string, to: number) => ({
    rel,
    href: `${self}?page=${to}&size=${size}&sort=id,asc`,
  })
  const last = Math.max(0, totalPages - 1)
  return {
    metadata: { size, totalElements: total, totalPages, number },
    content: items,
    links: [
      ...(totalPages > 1 ? [link('first', 0)] : []),
      ...(number > 0 ? [link('prev', Math.min(number - 1, last))] : []),
      link('self', number),
      ...(number < last ? [link('next', number + 1)] : []),
      ...(totalPages > 1 ? [link('last', last)] : []),
    ],
  }
}

/** An item as the live system wraps it. */
export function wrap<T extends object>(content: T): { content: T; links: never[] } {
  return { content, links: [] }
}

function pagesOf(total: number, { size }: PageRequest): number {
  return Math.ceil(total / size)
}
