import type { ByteSpan } from '../core/content.ts'

/**
 * What a Range field asks of a representation: spans in the order asked, `unsatisfiable` (416), or
 * `ignored` (the whole, 200).
 */
export type RangeVerdict =
  | { readonly kind: 'spans'; readonly spans: readonly ByteSpan[] }
  | { readonly kind: 'unsatisfiable' }
  | { readonly kind: 'ignored' }

/** RFC 9110 §14.2 lets a server ignore a set of many ranges; CVE-2011-3192 shows why to. */
const maximumRanges = 64
/** §15.3.7.2 lets ranges be joined when the gap is smaller than the frame of a further part. */
const joinedGap = 80

const rangePattern = /^(?:(\d+)-(\d*)|-(\d+))$/

/** Reads a Range field for a representation of `size` bytes (RFC 9110 §14.1 and §14.2). */
export function parseRange(field: string, size: number): RangeVerdict {
  // §14.2: an empty representation has no part worth asking for.
  if (size === 0) return { kind: 'ignored' }
  const equals = field.indexOf('=')
  // §14.2: an unknown unit is ignored. §14.1: units know no case.
  if (equals < 0 || field.slice(0, equals).trim().toLowerCase() !== 'bytes') {
    return { kind: 'ignored' }
  }
  const specifiers = field
    .slice(equals + 1)
    .split(',')
    .map((specifier) => specifier.trim())
    .filter((specifier) => specifier !== '')
  if (specifiers.length === 0 || specifiers.length > maximumRanges) return { kind: 'ignored' }
  const spans: ByteSpan[] = []
  for (const specifier of specifiers) {
    const span = parseSpecifier(specifier, size)
    // §14.1.1: one invalid range makes the whole set invalid; §14.2 lets us ignore it.
    if (span === 'invalid') return { kind: 'ignored' }
    if (span !== null) spans.push(span)
  }
  return spans.length === 0 ? { kind: 'unsatisfiable' } : { kind: 'spans', spans: joinSpans(spans) }
}

/** `null`: valid, but not satisfiable (§14.1.2). */
function parseSpecifier(specifier: string, size: number): ByteSpan | null | 'invalid' {
  const match = rangePattern.exec(specifier)
  if (match === null) return 'invalid'
  const [, first, last, suffix] = match
  if (suffix !== undefined) {
    const length = Math.min(Number(suffix), size)
    return length === 0 ? null : { start: size - length, end: size }
  }
  if (first === undefined) return 'invalid'
  if (last !== undefined && last !== '' && isLess(last, first)) return 'invalid'
  // Beyond 2^53 numbers grow vague, but stay larger than any size, which is all that counts here.
  if (Number(first) >= size) return null
  const end = last === undefined || last === '' ? size : Math.min(Number(last) + 1, size)
  return { start: Number(first), end }
}

/** Compares two decimal numbers of any length. */
function isLess(left: string, right: string): boolean {
  const a = left.replace(/^0+/, '')
  const b = right.replace(/^0+/, '')
  return a.length === b.length ? a < b : a.length < b.length
}

/**
 * Joins spans that overlap or nearly touch, so that nothing is sent twice whatever was asked; each
 * stands where the first of its members stood.
 */
function joinSpans(spans: readonly ByteSpan[]): ByteSpan[] {
  if (spans.length === 1) return [...spans]
  const joined: { start: number; end: number; place: number }[] = []
  const sorted = spans.map((span, place) => ({ ...span, place })).sort((a, b) => a.start - b.start)
  for (const span of sorted) {
    const last = joined.at(-1)
    if (last === undefined || span.start > last.end + joinedGap) {
      joined.push(span)
    } else {
      last.end = Math.max(last.end, span.end)
      last.place = Math.min(last.place, span.place)
    }
  }
  return joined.sort((a, b) => a.place - b.place).map(({ start, end }) => ({ start, end }))
}
