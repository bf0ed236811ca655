import { createHash, randomUUID } from 'node:crypto'
import { createChance } from './chance.ts'
import { digestOf, filesOf, type TypeName } from './content.ts'
import type { Ledger, Ticket } from './ledger.ts'
import { askForJson, askPatiently, unlessCut } from './patience.ts'

export interface Customer {
  /** Of its account. */
  readonly number: number
  readonly headers: Record<string, string>
  /** Aborted when it gives up. */
  readonly signal: AbortSignal
}

export interface Visit {
  readonly url: string
  readonly customer: Customer
  readonly ledger: Ledger
  readonly tag: string
}

interface DeliveryJson {
  id: string
  state: string
  message: string | null
}

interface Page {
  items: { id: string; number: number; name: string }[]
  next: string | null
}

/** Mostly what goes well. */
const wishes: readonly TypeName[] = [
  ...(['made', 'made', 'made', 'spooled', 'spooled', 'outside', 'outside'] as const),
  'doomed',
]
/** Nothing takes longer, however much goes wrong. */
const PATIENCE_MS = 300_000

/**
 * Asks for a download, finds it in the listing, waits for it, and picks its files up.
 * @throws Error for anything that a customer must not see
 */
export async function visit({ url, customer, ledger, tag }: Visit): Promise<void> {
  const type = createChance(tag).pick(wishes)
  const ticket: Ticket = {
    ...{ tag, type, customer: customer.number, id: null, end: null },
    ...{ files: 0, bytes: 0 },
  }
  ledger.tickets.push(ticket)
  const id = await create(url, customer, ticket)
  ticket.id = id
  await findInListing(url, customer, id)
  const { state, message } = await untilOver(url, customer, id)
  if (state !== 'done' && state !== 'failed') throw new Error(`${id} is ${state}.`)
  if (state === 'failed' && !message) throw new Error(`${id} failed without a reason.`)
  if (type === 'doomed' && state === 'done') throw new Error(`${id} cannot be done.`)
  if (type !== 'doomed' && state === 'failed') ledger.note(`${type} ${id} failed: ${message}`)
  if (state === 'done') await pickUp({ url, customer, ledger, tag }, ticket)
  ticket.end = state
}

/** By either API, and again with the same key until it is acknowledged. */
async function create(
  url: string,
  { headers, signal }: Customer,
  { tag, type }: Ticket,
): Promise<string> {
  const asking = {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    ...{ expect: [201], signal },
  }
  const info = { tag }
  if (createChance(`${tag} api`).below(2) === 0) {
    const body = JSON.stringify({ type, info })
    return (await askForJson<DeliveryJson>(`${url}/v1/deliveries`, { ...asking, body })).id
  }
  const body = JSON.stringify({ download: { download_type: type, info } })
  const answer = await askForJson<{ download: { id: string } }>(`${url}/api/downloads`, {
    ...asking,
    body,
  })
  return answer.download.id
}

/** What is acknowledged is listed, by whichever node. */
async function findInListing(
  url: string,
  { headers, signal }: Customer,
  id: string,
): Promise<void> {
  for (let next: string | null = `${url}/v1/deliveries?limit=100`; next !== null; ) {
    const page: Page = await askForJson<Page>(next, { headers, signal, expect: [200] })
    if (page.items.some((item) => item.id === id)) return
    next = page.next === null ? null : nextPage(url, page.next)
  }
  throw new Error(`${id} is not in the listing.`)
}

function nextPage(url: string, cursor: string): string {
  return `${url}/v1/deliveries?limit=100&cursor=${encodeURIComponent(cursor)}`
}

async function untilOver(
  url: string,
  { headers, signal }: Customer,
  id: string,
): Promise<DeliveryJson> {
  const patience = performance.now() + PATIENCE_MS
  const asking = { headers: { ...headers, prefer: 'wait=5' }, signal, expect: [200] }
  for (;;) {
    const delivery = await askForJson<DeliveryJson>(`${url}/v1/deliveries/${id}`, asking)
    if (!['pending', 'running'].includes(delivery.state)) return delivery
    if (performance.now() > patience) {
      throw new Error(`${id} is ${delivery.state} since five minutes: ${delivery.message}`)
    }
  }
}

async function pickUp({ url, customer, tag }: Visit, ticket: Ticket): Promise<void> {
  const { headers, signal } = customer
  const list = `${url}/v1/deliveries/${ticket.id}/files`
  const { items } = await askForJson<Page>(list, { headers, signal, expect: [200] })
  const expected = filesOf(tag)
  const names = items.map(({ name }) => name).join()
  if (names !== expected.map(({ name }) => name).join()) {
    throw new Error(`${ticket.id} holds the files ${names}.`)
  }
  for (const [index, file] of expected.entries()) {
    const content = `${url}/v1/files/${items[index]?.number}/content`
    const { size, digest } = await download(content, customer)
    if (size !== file.size || digest !== digestOf(tag, file)) {
      throw new Error(`${file.name} of ${ticket.id} has ${size} bytes with the digest ${digest}.`)
    }
    ticket.files += 1
    ticket.bytes += size
  }
}

/** Follows the redirect, and goes on with a range where the bytes broke off, at whichever node. */
async function download(content: string, { headers, signal }: Customer) {
  const led = await askPatiently(content, { headers, signal, redirect: 'manual', expect: [302] })
  const signed = led.headers.get('location') ?? ''
  const hash = createHash('sha256')
  let size = 0
  let etag = ''
  for (;;) {
    const range: Record<string, string> =
      size === 0 ? {} : { range: `bytes=${size}-`, 'if-range': etag }
    // 416: everything had come but the end of the body.
    const expect = size === 0 ? [200] : [206, 416]
    const response = await askPatiently(signed, { headers: range, signal, expect })
    etag = response.headers.get('etag') ?? ''
    if (response.status === 416) break
    const isWhole = await take(response, (chunk) => {
      hash.update(chunk)
      size += chunk.byteLength
    })
    if (isWhole) break
  }
  return { size, digest: hash.digest('hex') }
}

async function take(response: Response, onChunk: (chunk: Uint8Array) => void): Promise<boolean> {
  try {
    for await (const chunk of response.body ?? []) onChunk(chunk)
    return true
  } catch (error) {
    unlessCut(error)
    return false
  }
}
