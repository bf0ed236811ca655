import type { ApiContext } from '../api-context.ts'
import { call } from '../call.ts'
import { ClientError } from '../client-error.ts'
import type { RemoteDelivery, Snapshot, Standing, WatchOptions } from '../delivery.ts'
import { asObject, asText, demandText } from '../json.ts'
import { lastSegment } from '../last-segment.ts'
import { matchAddress } from '../match-address.ts'
import { nextLook } from '../next-look.ts'
import type { Place, RemoteFile } from '../remote-file.ts'
import { shownUrl } from '../shown-url.ts'

/** An import of the TAO rostering API by its reference: polled, then the file with its result. */
export function openImport(context: ApiContext, url: string): RemoteDelivery {
  const pattern = /^(.*\/api\/v1)\/(?:status|download)\/([^/?#]+)/
  const form = '…/api/v1/status/REFERENCE'
  const [, base = '', reference = ''] = matchAddress(url, pattern, form)
  return {
    api: 'imports',
    url: shownUrl(`${base}/status/${reference}`),
    isTree: false,
    archive: null,
    watch: (options = {}) => watch(context, { base, reference }, options),
  }
}

interface Address {
  readonly base: string
  readonly reference: string
}

async function* watch(
  context: ApiContext,
  address: Address,
  { signal, once = false, withoutFiles = false }: WatchOptions,
): AsyncGenerator<Snapshot> {
  const url = `${address.base}/status/${address.reference}`
  for (;;) {
    const { body, headers } = await call(context.transport, { url, signal })
    const status = asObject(body)
    const word = asText(status.status) ?? 'unknown'
    const standing = standingOf(word)
    const progress = typeof status.progress === 'number' ? status.progress : null
    const isOver = standing === 'done' || standing === 'failed'
    const files = isOver && !withoutFiles ? await findResult(context, address, signal) : []
    yield { standing, word, progress, message: asText(status.message), files }
    if (standing !== 'waiting' || once) return
    await nextLook(context, headers, signal)
  }
}

/** The document names no status; these are the words that such systems have. */
function standingOf(word: string): Standing {
  if (/complete|success|done|finish|processed$/i.test(word)) return 'done'
  if (/fail|error|invalid/i.test(word)) return 'failed'
  if (/cancel/i.test(word)) return 'canceled'
  return /expire/i.test(word) ? 'expired' : 'waiting'
}

/** A failed import, too, may have a file that says why. */
async function findResult(
  context: ApiContext,
  { base, reference }: Address,
  signal: AbortSignal | undefined,
): Promise<RemoteFile[]> {
  const url = `${base}/download/${reference}`
  let first: Place | null
  try {
    first = await locateResult(context, url, signal)
  } catch (error) {
    if (error instanceof ClientError && error.code === 'not_found') return []
    throw error
  }
  const file: RemoteFile = {
    id: shownUrl(url),
    name: lastSegment(first.url),
    folders: [],
    size: null,
    mediaType: null,
    digests: {},
    isFixed: true,
    async locate(until) {
      const known = first
      first = null
      return known ?? (await locateResult(context, url, until))
    },
  }
  return [file]
}

/** The signed URL of the result that an address is about. */
export async function locateResult(
  { transport }: ApiContext,
  url: string,
  signal?: AbortSignal,
): Promise<Place> {
  const { body } = await call(transport, { url, signal })
  const link = demandText(asObject(body).signedUrl, 'signedUrl', url)
  return { url: new URL(link, url).href, authorize: false, renewable: true }
}
