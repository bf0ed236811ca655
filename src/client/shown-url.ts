/** A URL as messages and records may show it: the query and the user part may be secrets. */
export function shownUrl(url: string | URL): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname.replace(manifestSecret, '$1…')}`
}

/** The address of a manifest has its secret in the path. */
const manifestSecret = /(\/v1\/manifests\/)[^/]+(?=\/)/
