import { DeliveryError } from '../../core/errors.ts'
import type { OrdersProfile } from './wire.ts'

/** A page as it was asked for. */
export interface PageRequest {
  /** From 0. */
  number: number
  size: number
}

const largest = 1000

/**
 * Reads `page` and `size`. Sizes above 1,000 are taken as 1,000. The documented default is 50, the
 * live system's 10; that one takes its default also for what is no number.
 * @throws DeliveryError `malformed` for what is no number, in the documented profile
 */
export function readPage(query: unknown, profile: OrdersProfile): PageRequest {
  const { page, size } = query as Record<string, unknown>
  const fallback = profile === 'documented' ? null : { number: 0, size: 10 }
  const number = readNumber(page, 0) ?? fallback?.number
  const read = readNumber(size, profile === 'documented' ? 50 : 10)
  const actual = read === 0 ? fallback?.size : (read ?? fallback?.size)
  if (number === undefined || actual === undefined) {
    throw new DeliveryError(
      'malformed',
      '"page" is a number from 0 on, and "size" a number from 1 on.',
    )
  }
  return { number, size: Math.min(actual, largest) }
}

/** The same as the core asks for it. */
export function spanOf({ number, size }: PageRequest): { offset: number; limit: number } {
  return { offset: Math.min(number * size, Number.MAX_SAFE_INTEGER), limit: size }
}

/**
 * A number in a path.
 * @throws DeliveryError `malformed`
 */
export function readId(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new DeliveryError('malformed', 'An identifier in the path is not a number.')
}

function readNumber(text: unknown, byDefault: number): number | null {
  if (text === undefined || text === '') return byDefault
  return typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : null
}
