import type { ApiContext } from '../api-context.ts'
import type { Place } from '../remote-file.ts'
import { resolvePlace } from '../resolve-place.ts'
import { locateResult } from './imports.ts'
import { locateDocument } from './port-orders.ts'

type Locate = (context: ApiContext, url: string, signal?: AbortSignal) => Promise<Place>

/** Addresses of files that answer what they are, or where, in place of their bytes. */
const ways: readonly (readonly [RegExp, Locate])[] = [
  [
    /\/v1\/files\/\d+$/,
    ({ transport }, url, signal) => resolvePlace(transport, `${url}/content`, signal),
  ],
  [/\/api\/v1\/download\/[^/?#]+$/, locateResult],
  [/\/portorders\/\d+\/files\/[^/?#]+$/, locateDocument],
]

/**
 * Where the bytes of a listed file are: at its address itself, or, at our own server, where the API behind
 * it says, so that a list of what was got can be got again. Another server's addresses may look the same.
 * @throws ClientError
 */
export async function locateFile(
  context: ApiContext,
  url: string,
  signal?: AbortSignal,
): Promise<Place> {
  const isOurs = new URL(url).origin === context.transport.origin
  const [, locate] = (isOurs ? ways.find(([shape]) => shape.test(url)) : undefined) ?? []
  if (locate === undefined) return { url, authorize: true, renewable: false }
  return await locate(context, url, signal)
}
