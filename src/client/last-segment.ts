/** The last part of an address's path, decoded; null when there is none. */
export function lastSegment(url: string): string | null {
  const text = new URL(url).pathname.split('/').at(-1) ?? ''
  try {
    return decodeURIComponent(text) || null
  } catch {
    return text || null
  }
}
