import type { ApiContext } from '../api-context.ts'
import { type Called, call } from '../call.ts'
import type { RemoteDelivery, Snapshot, Standing, WatchOptions } from '../delivery.ts'
import { fromHex } from '../digests.ts'
import { fileId } from '../file-id.ts'
import { asList, asObject, asSize, asText, demandText } from '../json.ts'
import { listedUrl } from '../listed-url.ts'
import { matchAddress } from '../match-address.ts'
import { nextLook } from '../next-look.ts'
import type { RemoteFile } from '../remote-file.ts'
import { shownUrl } from '../shown-url.ts'

const standings: Readonly<Record<string, Standing>> = {
  PENDING: 'waiting',
  RUNNING: 'waiting',
  PAUSED: 'waiting',
  DONE: 'done',
  DONE_WITH_WARNING: 'incomplete',
  FAILED: 'failed',
  ERROR: 'failed',
  EXPIRED: 'expired',
  DELETED: 'canceled',
}

const pageSize = 500

/** An order of the REGARDS API: files are picked up as they become available, so that it goes on. */
export function openOrder(context: ApiContext, url: string): RemoteDelivery {
  const pattern = /^(.*\/rs-order)\/(?:user\/)?orders\/(\d+)(?:\/filesTask\/(\d+))?/
  const [, base = '', id = '', task] = matchAddress(url, pattern, '…/rs-order/user/orders/ID')
  const at = `${base}/user/orders/${id}`
  return {
    api: 'orders',
    url: shownUrl(at),
    isTree: false,
    archive: {
      id: shownUrl(`${at}/download`),
      name: `order_${id}.zip`,
      folders: [],
      size: null,
      mediaType: null,
      digests: {},
      isFixed: false,
      digestComesLate: true,
      locate: async () => ({ url: `${at}/download`, authorize: true, renewable: false }),
    },
    watch: (options = {}) => watch(context, { base, id, task: task ?? null }, options),
  }
}

interface Address {
  readonly base: string
  readonly id: string
  /** A sub-order alone. */
  readonly task: string | null
}

async function* watch(
  context: ApiContext,
  address: Address,
  { signal, once = false, withoutFiles = false }: WatchOptions,
): AsyncGenerator<Snapshot> {
  const seen = new Map<string, number>()
  for (;;) {
    // Asked before the listing: what is over by then shows all of its files.
    const order = await readOrder(context, address, signal)
    const listed = withoutFiles && order !== null ? null : await list(context, address, signal)
    const standing = standingOf(order, listed)
    const files = withoutFiles || listed === null ? [] : choose(listed.files, seen, standing)
    yield {
      standing,
      word: order?.word ?? `HTTP ${listed?.first.status}`,
      progress: order?.progress ?? null,
      message: order?.message ?? null,
      files,
    }
    if (standing !== 'waiting' || once) return
    // What was just picked up may have freed the next part of the order.
    if (files.length === 0) await nextLook(context, listed?.first.headers ?? new Headers(), signal)
  }
}

interface OrderView {
  readonly word: string
  readonly progress: number | null
  readonly message: string | null
}

/** null where a server has nothing but the documented listing. */
async function readOrder(
  { transport }: ApiContext,
  { base, id }: Address,
  signal: AbortSignal | undefined,
): Promise<OrderView | null> {
  const url = `${base}/user/orders/${id}`
  const { status, body } = await call(transport, { url, signal, accept: [404, 405] })
  const order = asObject(asObject(body).content ?? body)
  const word = asText(order.status)
  if (status >= 400 || word === null || !(word in standings)) return null
  const percent = typeof order.percentCompleted === 'number' ? order.percentCompleted : null
  return {
    word,
    progress: percent === null ? null : percent / 100,
    message: order.waitingForUser === true ? 'It waits until its files are picked up.' : null,
  }
}

/** The order's own word counts: the live system answers 200 whatever the state is. */
function standingOf(order: OrderView | null, listed: Listed | null): Standing {
  if (order !== null) return standings[order.word] ?? 'waiting'
  return listed?.first.status === 200 ? 'done' : 'waiting'
}

interface Listed {
  readonly first: Called
  readonly files: readonly RemoteFile[]
}

/** All pages before anything is picked up: what is picked up leaves the list. */
async function list(
  context: ApiContext,
  address: Address,
  signal: AbortSignal | undefined,
): Promise<Listed> {
  const files: RemoteFile[] = []
  let first: Called | null = null
  for (let page = 0; ; page += 1) {
    const called = await readPage(context, address, { page, signal })
    first ??= called
    const { content, metadata } = asObject(called.body)
    const items = asList(content)
    files.push(...items.map((item) => toFile(item, called.url)))
    const total = asSize(asObject(metadata).totalElements) ?? files.length
    if (items.length === 0 || files.length >= total) return { first, files }
  }
}

/** The document prints two paths, and not every server has both. */
async function readPage(
  { transport }: ApiContext,
  { base, id, task }: Address,
  { page, signal }: { page: number; signal: AbortSignal | undefined },
): Promise<Called> {
  const part = task === null ? '' : `/filesTask/${task}`
  const rest = `orders/${id}${part}/files/available?page=${page}&size=${pageSize}`
  const called = await call(transport, { url: `${base}/${rest}`, signal, accept: [404] })
  if (called.status !== 404) return called
  return await call(transport, { url: `${base}/user/${rest}`, signal })
}

function toFile(item: unknown, listing: string): RemoteFile {
  const wrapped = asObject(item)
  const file = asObject(wrapped.content ?? item)
  const link = demandText(file.downloadUrl ?? file.uri ?? file.url, 'uri', listing)
  const url = listedUrl(link, listing)
  return {
    id: fileId(url),
    name: asText(file.filename),
    folders: [],
    size: asSize(file.fileSize ?? file.filesize),
    mediaType: asText(file.mimeType),
    digests: fromHex(file.checksum),
    isFixed: true,
    locate: async () => ({ url, authorize: true, renewable: false }),
  }
}

/**
 * Files that are new. One that is still listed after it was seen was not fetched in the server's
 * eyes (an earlier copy lay here), and holds the order up: it comes once more, to be fetched.
 */
function choose(
  files: readonly RemoteFile[],
  seen: Map<string, number>,
  standing: Standing,
): RemoteFile[] {
  const fresh = files.filter(({ id }) => !seen.has(id))
  const again =
    fresh.length > 0 || standing !== 'waiting' ? [] : files.filter(({ id }) => seen.get(id) === 1)
  for (const { id } of [...fresh, ...again]) seen.set(id, (seen.get(id) ?? 0) + 1)
  return [...fresh, ...again.map((file) => ({ ...file, mustFetch: true }))]
}
