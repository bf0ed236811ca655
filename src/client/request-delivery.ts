import { post } from './call.ts'
import { ClientError } from './client-error.ts'
import type { Client } from './create-client.ts'
import { asObject, demandText } from './json.ts'
import { shownUrl } from './shown-url.ts'

/** What to ask for; each API takes its own part of it. */
export interface DeliveryRequest {
  /** A download type: at `/v1` and at the downloads API. */
  readonly type?: string
  readonly info?: unknown
  /** Lucene queries: at the orders API. */
  readonly queries?: readonly string[]
  readonly dataTypes?: readonly string[]
  readonly fileNamePattern?: string
  readonly signal?: AbortSignal
}

/**
 * Asks for a delivery, once however often the request must be sent.
 * @param url the server; with `/api/downloads` or `…/rs-order` in its path, that API of it
 * @returns the address to get it from
 * @throws ClientError
 */
export async function requestDelivery(
  client: Client,
  url: string,
  request: DeliveryRequest,
): Promise<string> {
  const { pathname } = new URL(url)
  if (/\/rs-order(?:\/|$)/.test(pathname)) return await requestOrder(client, url, request)
  if (/\/api\/downloads\/?$/.test(pathname)) return await requestDownload(client, url, request)
  const base = `${url.replace(/\/v1(?:\/deliveries)?\/?$|\/$/, '')}/v1/deliveries`
  const { body } = await post(client.transport, base, {
    json: { type: demandType(request), ...infoOf(request) },
    ...once(request),
  })
  return `${base}/${demandText(asObject(body).id, 'id', base)}`
}

/** The key makes a repetition the same request, so that it may be repeated. */
function once({ signal }: DeliveryRequest) {
  return { repeatable: true, signal, headers: { 'idempotency-key': crypto.randomUUID() } }
}

async function requestDownload(
  { transport }: Client,
  url: string,
  request: DeliveryRequest,
): Promise<string> {
  const base = url.replace(/\/$/, '')
  const { body } = await post(transport, base, {
    json: { download: { download_type: demandType(request), ...infoOf(request) } },
    ...once(request),
  })
  const download = asObject(asObject(body).download ?? body)
  return `${base}/${demandText(download.id, 'id', base)}`
}

async function requestOrder(
  { transport }: Client,
  url: string,
  { queries = [], dataTypes, fileNamePattern, signal }: DeliveryRequest,
): Promise<string> {
  if (queries.length === 0) {
    throw new ClientError('bad_input', 'An order needs one query or more.')
  }
  const orders = `${url.replace(/\/rs-order(?:\/.*)?$/, '')}/rs-order/user/orders`
  const filters = {
    ...(dataTypes === undefined ? {} : { dataTypes }),
    ...(fileNamePattern === undefined ? {} : { filenameRegExp: fileNamePattern }),
  }
  // Not every server of this API knows idempotency keys: sent once.
  const { body } = await post(transport, `${orders}/apply`, {
    json: { queries, ...(Object.keys(filters).length === 0 ? {} : { filters }) },
    headers: { 'idempotency-key': crypto.randomUUID() },
    signal,
  })
  const granted = asObject(asObject(body).content ?? body)
  return `${orders}/${demandText(granted.orderId ?? granted.id, 'orderId', shownUrl(orders))}`
}

function demandType({ type }: DeliveryRequest): string {
  if (type !== undefined && type !== '') return type
  throw new ClientError('bad_input', 'Say which type of download is wanted.')
}

function infoOf({ info }: DeliveryRequest): { info?: unknown } {
  return info === undefined ? {} : { info }
}
