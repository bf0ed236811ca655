/** A URL as messages and records may show it: the query and the user part may be secrets. */
export function shownUrl(url: string | URL): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}
