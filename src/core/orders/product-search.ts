import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import type { Connection } from '../../database/database.ts'
import type { ProductRow } from '../../database/order-tables.ts'
import type { Tables } from '../../database/tables.ts'
import { countTerms, type RangeEnd, type SearchQuery, type TextPattern } from './search-query.ts'

/** Products looked at in one step: what SQLite answers in a few milliseconds. */
const STEP = 500
/** Each of them costs as much as the query has terms: the step is shorter for long queries. */
const MOST_LOOKS = 5000

export interface ProductSearch {
  organizationId: string
  query: SearchQuery
  /** The first product number to look at. */
  from: number
  /** The last one. */
  until: number
}

export interface FoundProducts {
  /** In the order of their numbers; may be none although more follow. */
  products: ProductRow[]
  /** Where to go on; null at the end. */
  next: number | null
}

/**
 * One step of a search over an organization's products: at most 500 are looked at, by index, fewer
 * where the query has many terms, so that
 * no step takes long however many there are. Where the query names values that a product must
 * have, only products that have one of them are looked at.
 */
export async function searchProducts(
  db: Connection,
  search: ProductSearch,
): Promise<FoundProducts> {
  const step = Math.min(STEP, Math.ceil(MOST_LOOKS / Math.max(1, countTerms(search.query))))
  const numbers = await candidates(db, search, step)
  const last = numbers.at(-1)
  if (last === undefined) return { products: [], next: null }
  const products = await db
    .selectFrom('products')
    .selectAll()
    .where('number', 'in', numbers)
    .where((eb) => condition(eb, search.query))
    .orderBy('number')
    .execute()
  return { products, next: numbers.length < step ? null : last + 1 }
}

async function candidates(db: Connection, search: ProductSearch, step: number): Promise<number[]> {
  const { organizationId, query, from, until } = search
  const required = requiredTexts(query)
  if (required === null) {
    const rows = await db
      .selectFrom('products')
      .select('number')
      .where('organization_id', '=', organizationId)
      .where('number', '>=', from)
      .where('number', '<=', until)
      .orderBy('number')
      .limit(step)
      .execute()
    return rows.map((row) => row.number)
  }
  const rows = await db
    .selectFrom('product_properties')
    .select('product_number')
    .distinct()
    .where('organization_id', '=', organizationId)
    .where('name', '=', required.field)
    .where('text', 'in', required.texts)
    .where('product_number', '>=', from)
    .where('product_number', '<=', until)
    .orderBy('product_number')
    .limit(step)
    .execute()
  return rows.map((row) => row.product_number)
}

interface RequiredTexts {
  field: string
  texts: string[]
}

/** Values of one field of which each product that is found has at least one; null when the query does not say. */
function requiredTexts(query: SearchQuery): RequiredTexts | null {
  if (query.kind === 'text') {
    const [text, ...more] = query.pattern
    const isExact = query.field !== null && query.field !== '*' && more.length === 0
    return isExact && typeof text === 'string' && query.field !== null
      ? { field: query.field, texts: [text] }
      : null
  }
  if (query.kind === 'and') {
    const known = query.of.map(requiredTexts).filter((one) => one !== null)
    return known.sort((a, b) => a.texts.length - b.texts.length)[0] ?? null
  }
  if (query.kind !== 'or') return null
  const known = query.of.map(requiredTexts)
  const [first] = known
  if (first === undefined || known.some((one) => one === null || one.field !== first?.field)) {
    return null
  }
  return first && { field: first.field, texts: known.flatMap((one) => one?.texts ?? []) }
}

type Products = ExpressionBuilder<Tables, 'products'>

function condition(eb: Products, query: SearchQuery): Expression<SqlBool> {
  switch (query.kind) {
    case 'all':
      return eb.lit(true) as Expression<SqlBool>
    case 'not':
      return eb.not(condition(eb, query.of))
    case 'and':
      return eb.and(query.of.map((one) => condition(eb, one)))
    case 'or':
      return eb.or(query.of.map((one) => condition(eb, one)))
    case 'exists':
      return eb.exists(property(eb, query.field))
    case 'text':
      return eb.exists(withText(property(eb, query.field), query.pattern))
    case 'range':
      return eb.exists(inRange(property(eb, query.field), query))
  }
}

function property(eb: Products, field: string | null) {
  const properties = eb
    .selectFrom('product_properties')
    .select('product_properties.product_number')
    .whereRef('product_properties.product_number', '=', 'products.number')
  return field === null || field === '*'
    ? properties
    : properties.where('product_properties.name', '=', field)
}

type Properties = ReturnType<typeof property>

function withText(properties: Properties, pattern: TextPattern): Properties {
  const [text, ...more] = pattern
  if (typeof text === 'string' && more.length === 0) return properties.where('text', '=', text)
  const like = pattern.map((part) => (part === null ? '%' : part.replace(/[\\%_]/g, '\\$&')))
  // Both sides are in lower case, so that both engines' ideas of LIKE agree.
  return properties.where(sql<SqlBool>`text like ${like.join('')} escape '\\'`)
}

function inRange(
  properties: Properties,
  { from, to }: { from: RangeEnd; to: RangeEnd },
): Properties {
  const column = (from ?? to)?.value === null ? 'text' : 'value'
  let within = properties
  const least = column === 'text' ? from?.text : from?.value
  const most = column === 'text' ? to?.text : to?.value
  if (least !== undefined && least !== null) within = within.where(column, '>=', least)
  if (most !== undefined && most !== null) within = within.where(column, '<=', most)
  return within
}
