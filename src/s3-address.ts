/** Where a bucket is and how it is spoken to. */
export interface S3Address {
  readonly bucket: string
  /** Stands before each key: empty, or ends with a slash. */
  readonly prefix: string
  /** The store's origin, like `https://s3.eu-west-3.amazonaws.com`. */
  readonly endpoint: string
  /** The origin at which customers reach the store, for the URLs that they are sent on to. */
  readonly publicEndpoint: string
  readonly region: string
  /** Does the bucket stand in the path, or in front of the host name? */
  readonly pathStyle: boolean
}

const parameters = ['endpoint', 'publicEndpoint', 'region', 'pathStyle']

/**
 * Reads `s3://bucket/prefix?endpoint=…&region=…&pathStyle=…&publicEndpoint=…`; `undefined` when it is
 * malformed or names something else. Without an endpoint it is Amazon's, with one the bucket stands
 * in the path unless `pathStyle=false` is said, as nearly all other stores want it.
 */
export function parseS3Address(text: string): S3Address | undefined {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || url.protocol !== 's3:' || url.hash !== '') return undefined
  // Keys have settings of their own, which no log and no listing shows.
  if (url.username !== '' || url.password !== '' || url.port !== '') return undefined
  const { hostname: bucket, searchParams: query } = url
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/.test(bucket)) return undefined
  const names = [...query.keys()]
  if (names.some((name) => !parameters.includes(name)) || new Set(names).size < names.length) {
    return undefined
  }
  const prefix = parsePrefix(url.pathname)
  const region = query.get('region') ?? 'us-east-1'
  const endpoint = parseOrigin(query.get('endpoint') ?? `https://s3.${region}.amazonaws.com`)
  const publicEndpoint = parseOrigin(query.get('publicEndpoint') ?? endpoint ?? '')
  const pathStyle = query.get('pathStyle') ?? String(query.has('endpoint') || bucket.includes('.'))
  if (prefix === undefined || endpoint === undefined || publicEndpoint === undefined) {
    return undefined
  }
  if (!/^[a-z0-9-]{1,60}$/.test(region) || !/^(true|false)$/.test(pathStyle)) return undefined
  return { bucket, prefix, endpoint, publicEndpoint, region, pathStyle: pathStyle === 'true' }
}

function parsePrefix(path: string): string | undefined {
  const bare = path.replace(/^\//, '').replace(/\/$/, '')
  if (bare === '') return ''
  const isPlain = bare.length <= 500 && bare.split('/').every((part) => /^[\w-][\w.-]*$/.test(part))
  return isPlain ? `${bare}/` : undefined
}

function parseOrigin(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined
  return url.href === `${url.origin}/` ? url.origin : undefined
}
