import type { ApiContext } from '../api-context.ts'
import { call } from '../call.ts'
import type { RemoteDelivery, Snapshot, Standing, WatchOptions } from '../delivery.ts'
import { fromHex } from '../digests.ts'
import { asList, asObject, asSize, asText, demandText, type Json } from '../json.ts'
import { matchAddress } from '../match-address.ts'
import { nextLook } from '../next-look.ts'
import type { RemoteFile } from '../remote-file.ts'
import { resolvePlace } from '../resolve-place.ts'
import { shownUrl } from '../shown-url.ts'
import { createNews, type News } from './v1-news.ts'

const standings: Readonly<Record<string, Standing>> = {
  done: 'done',
  incomplete: 'incomplete',
  failed: 'failed',
  canceled: 'canceled',
  expired: 'expired',
}

/** How long one request may hang until it is over, in seconds: `Prefer: wait`. */
const waitSeconds = 30

/** A delivery of our own API, or one of its files. */
export function openV1(context: ApiContext, url: string): RemoteDelivery {
  const pattern = /^(.*\/v1)\/(deliveries|files)\/([^/?#]+)/
  const form = '…/v1/deliveries/ID or …/v1/files/NUMBER'
  const [, base = '', kind, key = ''] = matchAddress(url, pattern, form)
  const isFile = kind === 'files'
  const at = `${base}/${kind}/${key}`
  return {
    api: 'v1',
    url: shownUrl(at),
    isTree: false,
    archive: isFile ? null : archiveOf(context, at),
    watch: (options = {}) =>
      isFile ? watchFile(context, { base, at }, options) : watch(context, { base, at }, options),
  }
}

function archiveOf({ transport }: ApiContext, at: string): RemoteFile {
  return {
    id: shownUrl(`${at}/archive`),
    name: null,
    folders: [],
    size: null,
    mediaType: null,
    digests: {},
    isFixed: false,
    digestComesLate: true,
    locate: (signal) => resolvePlace(transport, `${at}/archive`, signal),
  }
}

interface Address {
  readonly base: string
  readonly at: string
}

async function* watch(
  context: ApiContext,
  address: Address,
  { signal, once = false, withoutFiles = false }: WatchOptions,
): AsyncGenerator<Snapshot> {
  const seen = new Set<string>()
  let news: News | null = null
  let patient = false
  try {
    for (;;) {
      // Waiting on the server would hold up files that are ready now: only when the last look had none.
      const headers: Record<string, string> = patient ? { prefer: `wait=${waitSeconds}` } : {}
      const called = await call(context.transport, { url: address.at, headers, signal })
      const delivery = asObject(called.body)
      const look = toSnapshot(delivery, address)
      const files: RemoteFile[] = []
      if (!withoutFiles && look.standing !== 'expired') {
        const isOrder = delivery.kind === 'order'
        for await (const file of listFiles(context, address, { isOrder, signal })) {
          if (!seen.has(file.id)) files.push(file)
          seen.add(file.id)
        }
      }
      yield { ...look, files }
      if (look.standing !== 'waiting' || once) return
      const waited = patient
      patient = false
      if (files.length > 0) continue
      news ??= createNews(context, `${address.base}/events`, { subject: delivery, signal })
      if (await news.open()) continue
      if (news.isOpen) yield* untilChange(news, address)
      else {
        patient = true
        if (waited) await betweenLooks(context, called.headers, signal)
      }
    }
  } finally {
    news?.close()
  }
}

function toSnapshot(delivery: Json, { at }: Address): Snapshot {
  const word = demandText(delivery.state, 'state', at)
  return {
    standing: standings[word] ?? 'waiting',
    word,
    progress: typeof delivery.progress === 'number' ? delivery.progress : null,
    message: asText(delivery.message),
    files: [],
  }
}

/** How far it is, as the server tells, until there is a reason to look. */
async function* untilChange(news: News, address: Address): AsyncGenerator<Snapshot> {
  for (;;) {
    const told = await news.next(waitSeconds * 1000)
    if (told === 'changed' || told === 'silence') return
    yield toSnapshot(told, address)
  }
}

/** A request that the server held open was the wait already. */
async function betweenLooks(
  context: ApiContext,
  headers: Headers,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (!headers.has('preference-applied')) await nextLook(context, headers, signal)
}

async function* listFiles(
  context: ApiContext,
  { base, at }: Address,
  { isOrder, signal }: { isOrder: boolean; signal: AbortSignal | undefined },
): AsyncGenerator<RemoteFile> {
  let cursor: string | null = null
  do {
    const query = new URLSearchParams({ limit: '1000', ...(cursor === null ? {} : { cursor }) })
    const { body } = await call(context.transport, { url: `${at}/files?${query}`, signal })
    for (const item of asList(asObject(body).items)) {
      const entry = asObject(item)
      if (entry.state === 'available' || entry.state === 'delivered') {
        const file = toFile(context, base, entry)
        // An order goes on only when its files are picked up, though copies may be here already.
        yield isOrder && entry.state === 'available' ? { ...file, mustFetch: true } : file
      }
    }
    cursor = asText(asObject(body).next)
  } while (cursor !== null)
}

async function* watchFile(
  context: ApiContext,
  { base, at }: Address,
  { signal, once = false }: WatchOptions,
): AsyncGenerator<Snapshot> {
  for (;;) {
    const { body, headers } = await call(context.transport, { url: at, signal })
    const entry = asObject(body)
    const word = demandText(entry.state, 'state', at)
    const standing = fileStandings[word] ?? 'waiting'
    const files = standing === 'done' ? [toFile(context, base, entry)] : []
    yield { standing, word, progress: null, message: asText(entry.message), files }
    if (standing !== 'waiting' || once) return
    await nextLook(context, headers, signal)
  }
}

const fileStandings: Readonly<Record<string, Standing>> = {
  available: 'done',
  delivered: 'done',
  failed: 'failed',
  expired: 'expired',
}

function toFile({ transport }: ApiContext, base: string, entry: Json): RemoteFile {
  const at = `${base}/files/${demandText(entry.number, 'number', base)}`
  return {
    id: shownUrl(at),
    name: asText(entry.name),
    folders: [],
    size: asSize(entry.size),
    mediaType: asText(entry.mediaType),
    digests: { ...fromHex(entry.md5), ...fromHex(entry.sha256) },
    isFixed: true,
    locate: (signal) => resolvePlace(transport, `${at}/content`, signal),
  }
}
