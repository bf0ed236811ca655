/**
 * The address of a link in a listing: relative to where it stands, raw spaces and all, and with the
 * scheme that our own host is spoken to: a document prints http links beside an https API.
 */
export function listedUrl(link: string, base: string): string {
  const url = new URL(link.trim(), base)
  const home = new URL(base)
  if (url.protocol === 'http:' && home.protocol === 'https:' && url.hostname === home.hostname) {
    url.protocol = 'https:'
    url.port = home.port
  }
  return url.href
}

/** Further addresses of a file in a listing, as far as they are web addresses. */
export function listedMirrors(links: readonly unknown[], base: string): { mirrors?: string[] } {
  const mirrors = links.flatMap((link) => {
    if (typeof link !== 'string' || !URL.canParse(link.trim(), base)) return []
    const url = listedUrl(link, base)
    return /^https?:/.test(url) ? [url] : []
  })
  return mirrors.length === 0 ? {} : { mirrors }
}
