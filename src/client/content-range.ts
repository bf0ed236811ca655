/** What a 206 holds: from the first byte to before the last, out of how many (null: unknown). */
export interface ContentRange {
  readonly start: number
  /** Exclusive. */
  readonly end: number
  readonly total: number | null
}

/** Reads Content-Range (RFC 9110 §14.4); null when it is absent or not of a single range of bytes. */
export function parseContentRange(field: string | null): ContentRange | null {
  const found = /^\s*bytes\s+(\d+)-(\d+)\/(\d+|\*)\s*$/i.exec(field ?? '')
  if (found === null) return null
  const [start, last] = [Number(found[1]), Number(found[2])]
  const total = found[3] === '*' ? null : Number(found[3])
  if (last < start || (total !== null && last >= total)) return null
  return { start, end: last + 1, total }
}
