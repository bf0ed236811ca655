import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { DeliveryError } from '../../core/errors.ts'

/** The query of every listing. */
export const pageMembers = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1000, description: '50 when left out.' }),
  ),
  cursor: Type.Optional(
    Type.String({ maxLength: 200, description: '`next` of the page before, as it is.' }),
  ),
}

export interface PageQuery {
  limit?: number
  cursor?: string
}

/** How many items a page has. */
export function limitOf({ limit }: PageQuery): number {
  return limit ?? 50
}

/**
 * The number behind which a page begins; null for the first page. A cursor says where to go on and
 * nothing else: a forged one shows nothing that the caller may not list anyway.
 * @throws DeliveryError `invalid`
 */
export function numberCursor({ cursor }: PageQuery): number | null {
  if (cursor === undefined) return null
  const text = decode(cursor)
  if (!/^\d{1,15}$/.test(text)) throw badCursor()
  return Number(text)
}

/**
 * The id behind which a page begins; null for the first page.
 * @throws DeliveryError `invalid`
 */
export function idCursor({ cursor }: PageQuery): string | null {
  if (cursor === undefined) return null
  const text = decode(cursor)
  if (!/^[0-9a-z]{1,64}$/.test(text)) throw badCursor()
  return text
}

/**
 * A page as it is sent: `next` when it is full, as there may be more, and the same as a Link
 * (RFC 8288).
 */
export function toPage<Row, Item>(
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  rows: readonly Row[],
  {
    limit,
    place,
    toItem,
  }: { limit: number; place(row: Row): number | string; toItem(row: Row): Item },
): { items: Item[]; next: string | null } {
  const last = rows.length < limit ? undefined : rows.at(-1)
  const next = last === undefined ? null : Buffer.from(String(place(last))).toString('base64url')
  if (next !== null) {
    const [path = '', search = ''] = request.url.split('?', 2)
    const query = new URLSearchParams(search)
    query.set('cursor', next)
    reply.header('link', `<${path}?${query}>; rel="next"`)
  }
  return { items: rows.map(toItem), next }
}

function decode(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString('latin1')
}

function badCursor(): DeliveryError {
  return new DeliveryError('invalid', 'The cursor is not one of ours; begin without one.', {
    details: { errors: [{ path: '/cursor', problem: 'is not one of ours' }] },
  })
}
