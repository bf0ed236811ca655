import type { ProductRow } from '../../database/order-tables.ts'
import type { Core } from '../core.ts'
import { hasPermission, type Principal } from '../principal.ts'
import { demandMayOrder } from './orders.ts'

/** A product, and how much of it there is. */
export interface ListedProduct {
  product: ProductRow
  files: number
  bytes: number
}

/**
 * The products of the caller's organization, newest first.
 * @param query `before`: only those with a smaller number; at most 1,000
 * @throws DeliveryError `forbidden` for who may neither order nor administer
 */
export async function listProducts(
  core: Core,
  principal: Principal,
  query: { before: number | null; limit: number },
): Promise<ListedProduct[]> {
  if (!hasPermission(principal, 'admin')) demandMayOrder(principal)
  const { kysely } = core.database
  let rows = kysely
    .selectFrom('products')
    .selectAll()
    .where('organization_id', '=', principal.organizationId)
    .orderBy('number', 'desc')
    .limit(Math.min(query.limit, 1000))
  if (query.before !== null) rows = rows.where('number', '<', query.before)
  const products = await rows.execute()
  if (products.length === 0) return []
  const sums = await kysely
    .selectFrom('product_files')
    .select(['product_number', ({ fn }) => fn.countAll().as('files')])
    .select(({ fn }) => fn.sum('size').as('bytes'))
    .where(
      'product_number',
      'in',
      products.map(({ number }) => number),
    )
    .groupBy('product_number')
    .execute()
  const byNumber = new Map(sums.map((sum) => [sum.product_number, sum]))
  return products.map((product) => {
    const { files = 0, bytes = 0 } = byNumber.get(product.number) ?? {}
    return { product, files: Number(files), bytes: Number(bytes) }
  })
}
