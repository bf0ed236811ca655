import type { ApiName } from './delivery.ts'

/** What the paths of each API look like; prefixes of a proxy may stand before them. */
const shapes: readonly (readonly [ApiName, RegExp])[] = [
  ['v1', /\/v1\/(?:deliveries\/[^/]+|files\/\d+)(?:\/(?:files|content))?\/?$/],
  ['downloads', /\/api\/downloads\/[^/]+(?:\/file)?\/?$/],
  [
    'manifest',
    /\.(?:meta4|metalink)$|\/metalink\/download$|\/v1\/manifests\/[^/]+\/(?:manifest\.json|(?:aria2|wget|curl)\.txt)$/,
  ],
  ['orders', /\/rs-order\/(?:user\/)?orders\/\d+(?:\/(?:filesTask\/\d+\/)?files\/available)?\/?$/],
  ['studies', /\/api_file\/v1\/[^/]+(?:\/[^/]+){0,2}\/?$/],
  ['imports', /\/api\/v1\/(?:status|download)\/[^/]+\/?$/],
  ['port-orders', /\/portorders\/\d+(?:\/files?\/[^/]+)?\/?$/],
]

/** Which API an address belongs to, by its path alone; `file` when it is none of them. */
export function detectApi(url: string): ApiName {
  const { pathname } = new URL(url)
  return shapes.find(([, shape]) => shape.test(pathname))?.[0] ?? 'file'
}
