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
