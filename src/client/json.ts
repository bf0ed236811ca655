import { ClientError } from './client-error.ts'
import { shownUrl } from './shown-url.ts'

export type Json = Readonly<Record<string, unknown>>

/** An object of an answer, empty for anything else. */
export function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

/** A list of an answer, empty for anything else. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** A text, or a number as text: servers disagree about identifiers. */
export function asText(value: unknown): string | null {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  return typeof value === 'string' && value !== '' ? value : null
}

/** A length in bytes. */
export function asSize(value: unknown): number | null {
  const size = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  return typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? size : null
}

/** @throws ClientError `bad_answer` that names the member */
export function demandText(value: unknown, member: string, url: string): string {
  const text = asText(value)
  if (text !== null) return text
  throw new ClientError('bad_answer', `The answer of ${shownUrl(url)} has no "${member}".`)
}
