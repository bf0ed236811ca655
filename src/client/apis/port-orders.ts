import type { ApiContext } from '../api-context.ts'
import { type Called, call } from '../call.ts'
import type { RemoteDelivery, Snapshot, Standing, WatchOptions } from '../delivery.ts'
import { asList, asObject, asText, demandText, type Json } from '../json.ts'
import { matchAddress } from '../match-address.ts'
import { nextLook } from '../next-look.ts'
import type { Place, RemoteFile } from '../remote-file.ts'
import { shownUrl } from '../shown-url.ts'

/** A port order of the Flowroute API with its documents, or one of them. */
export function openPortOrder(context: ApiContext, url: string): RemoteDelivery {
  const pattern = /^(.*\/portorders\/\d+)(?:\/files?\/([^/?#]+))?/
  const form = '…/portorders/ID or …/portorders/ID/files/ID'
  const [, order = '', file] = matchAddress(url, pattern, form)
  const at = file === undefined ? order : `${order}/files/${file}`
  return {
    api: 'port-orders',
    url: shownUrl(at),
    isTree: false,
    archive: null,
    watch: (options = {}) =>
      file === undefined ? watchOrder(context, order, options) : watchFile(context, at, options),
  }
}

const businessStandings: Readonly<Record<string, Standing>> = {
  completed: 'done',
  rejected: 'failed',
  canceled: 'canceled',
  cancelled: 'canceled',
  hard_canceled: 'canceled',
  abandoned: 'expired',
}

/**
 * The documents that are there now. An order lives for weeks: only who asks for its standing alone
 * waits for its end.
 */
async function* watchOrder(
  context: ApiContext,
  url: string,
  { signal, once = false, withoutFiles = false }: WatchOptions,
): AsyncGenerator<Snapshot> {
  for (;;) {
    const called = await call(context.transport, { url, signal })
    const attributes = asObject(asObject(asObject(called.body).data).attributes)
    const word = asText(attributes.status) ?? 'unknown'
    const standing = withoutFiles ? (businessStandings[word.toLowerCase()] ?? 'waiting') : 'done'
    const files = withoutFiles ? [] : documentsOf(context, attributes, url)
    yield { standing, word, progress: null, message: null, files }
    if (standing !== 'waiting' || once) return
    await nextLook(context, called.headers, signal)
  }
}

/** Two documented forms: resource objects in a list in a list, and a flat list, which names no id. */
function documentsOf(context: ApiContext, attributes: Json, order: string): RemoteFile[] {
  return asList(attributes.business_documents).flatMap((entry) => {
    const inner = asObject(entry).data
    const resources = inner === undefined ? [entry] : Array.isArray(inner) ? inner : [inner]
    return resources.flatMap((resource) => {
      const { id, attributes: own, ...flat } = asObject(resource)
      const facts = own === undefined ? asObject(flat) : asObject(own)
      const number = asText(id)
      if (number === null || facts.status === 'failed') return []
      return [toFile(context, `${order}/files/${number}`, asText(facts.filename))]
    })
  })
}

async function* watchFile(
  context: ApiContext,
  url: string,
  { signal, once = false }: WatchOptions,
): AsyncGenerator<Snapshot> {
  for (;;) {
    const called = await call(context.transport, { url, signal })
    const link = linkOf(called)
    const { status, filename } = attributesOf(called)
    const word = link === null ? (asText(status) ?? 'unknown') : 'complete'
    const standing = link !== null ? 'done' : word === 'error' ? 'failed' : 'waiting'
    const name = asText(filename)
    const files = standing === 'done' ? [toFile(context, url, name ?? nameOfLink(link, url))] : []
    yield { standing, word, progress: null, message: null, files }
    if (standing !== 'waiting' || once) return
    await nextLook(context, called.headers, signal)
  }
}

function toFile(context: ApiContext, url: string, name: string | null): RemoteFile {
  return {
    id: shownUrl(url),
    name: name?.split(/[/\\]/).at(-1) || null,
    folders: [],
    size: null,
    mediaType: null,
    digests: {},
    isFixed: true,
    locate: (signal) => locateDocument(context, url, signal),
  }
}

/** The signed URL of the document that an address is about. */
export async function locateDocument(
  { transport }: ApiContext,
  url: string,
  signal?: AbortSignal,
): Promise<Place> {
  const called = await call(transport, { url, signal })
  const link = demandText(linkOf(called), 'url', url)
  return { url: new URL(link, url).href, authorize: false, renewable: true }
}

function attributesOf({ body }: Called): Json {
  return asObject(asObject(asObject(body).data).attributes)
}

/** null while there are no bytes: then the answer tells the document's status instead. */
function linkOf(called: Called): string | null {
  return asText(attributesOf(called).url)
}

function nameOfLink(link: string | null, base: string): string | null {
  if (link === null) return null
  try {
    return decodeURIComponent(new URL(link, base).pathname.split('/').at(-1) ?? '') || null
  } catch {
    return null
  }
}
