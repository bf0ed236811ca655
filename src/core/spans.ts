import type { ByteSpan } from './content.ts'

/** The union of spans, merged and in order. */
export function mergeSpans(spans: readonly ByteSpan[]): ByteSpan[] {
  const merged: { start: number; end: number }[] = []
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end)
    else merged.push({ start, end })
  }
  return merged
}

/** Do merged spans cover all bytes from 0 up to `size`? */
export function coverAll(merged: readonly ByteSpan[], size: number): boolean {
  const [first] = merged
  return size === 0 || (first !== undefined && first.start === 0 && first.end >= size)
}

/** Merged spans from the text that a database row holds: a JSON array of `[start, end)` pairs. */
export function parseSpans(text: string): ByteSpan[] {
  return (JSON.parse(text) as [number, number][]).map(([start, end]) => ({ start, end }))
}

/** The text for a database row. */
export function spansText(merged: readonly ByteSpan[]): string {
  return JSON.stringify(merged.map(({ start, end }) => [start, end]))
}
