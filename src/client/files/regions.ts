import type { Span } from './part-file.ts'

/** A run of bytes that one connection fills from its beginning. */
export interface Region {
  readonly start: number
  /** The next byte to come. */
  at: number
  /** Everything before it is on disk. */
  written: number
  /** Exclusive; null: to the end of the file, wherever that is. Another connection may take a part away. */
  end: number | null
}

/** A region is not cut below this, in bytes: a new connection costs a round trip. */
const smallestCut = 4 * 1024 * 1024

/** What is missing of a file of which `done` is there. */
export function missingRegions(done: readonly Span[], size: number | null): Region[] {
  const regions: Region[] = []
  let at = 0
  for (const { start, end } of done.toSorted((one, other) => one.start - other.start)) {
    if (start > at) regions.push(regionOf(at, start))
    at = Math.max(at, end)
  }
  if (size === null || at < size) regions.push(regionOf(at, size))
  return regions
}

function regionOf(start: number, end: number | null): Region {
  return { start, at: start, written: start, end }
}

/** What is on disk: everything but what is missing in the regions. */
export function doneSpans(regions: readonly Region[], size: number | null): Span[] {
  const spans: Span[] = []
  let at = 0
  for (const region of regions.toSorted((one, other) => one.start - other.start)) {
    // Before its start all is there, and so is what the region wrote.
    if (region.written > at) spans.push({ start: at, end: region.written })
    at = region.end ?? region.written
  }
  if (size !== null && at < size) spans.push({ start: at, end: size })
  return spans
}

/** Takes the second half of the region that has most to do; null when none is worth it. */
export function stealRegion(regions: Region[]): Region | null {
  let longest: Region | null = null
  for (const region of regions) {
    if (region.end === null) continue
    if (longest === null || leftOf(region) > leftOf(longest)) longest = region
  }
  if (longest === null || longest.end === null) return null
  const half = Math.floor(leftOf(longest) / 2)
  if (half < smallestCut) return null
  const cut = longest.end - half
  const taken = regionOf(cut, longest.end)
  longest.end = cut
  regions.push(taken)
  return taken
}

function leftOf({ at, end }: Region): number {
  return (end ?? at) - at
}
