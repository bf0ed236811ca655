import type { IncomingHttpHeaders } from 'node:http'
import type { Reach } from '../object-store.ts'
import { payloadOf, type S3Client } from './client.ts'
import { StoreRefusal } from './refusal.ts'

/** How much a restoration costs and how long it takes: a minute or five, hours, or half a day. */
export type RestoreTier = 'Expedited' | 'Standard' | 'Bulk'

export interface Restoring {
  readonly key: string
  /** How long it must stay within reach. */
  readonly seconds: number
  readonly tier: RestoreTier
}

const askAgainSeconds = { Expedited: 60, Standard: 300, Bulk: 900 } as const satisfies Record<
  RestoreTier,
  number
>

/** S3's RestoreObject: asks for the restoration of an object in a cold class, once; else says how it stands. */
export async function restoreObject(
  client: S3Client,
  { key, seconds, tier }: Restoring,
): Promise<Reach> {
  const { headers } = await client.ask({ method: 'HEAD', key })
  const state = stateOf(headers)
  if (state === 'near') return 'available'
  if (state === 'cold') await ask(client, key, requestFor(headers, seconds, tier))
  return { askAgainSeconds: askAgainSeconds[tier] }
}

function stateOf(headers: IncomingHttpHeaders): 'near' | 'cold' | 'on its way' {
  const restoration = /ongoing-request="(true|false)"/.exec(String(headers['x-amz-restore']))?.[1]
  if (restoration === 'true') return 'on its way'
  if (restoration === 'false') return 'near'
  return /^(GLACIER|DEEP_ARCHIVE)$/.test(String(headers['x-amz-storage-class'])) ||
    headers['x-amz-archive-status'] !== undefined
    ? 'cold'
    : 'near'
}

function requestFor(headers: IncomingHttpHeaders, seconds: number, tier: RestoreTier): string {
  // Intelligent-Tiering brings it back for good, and takes no days.
  const isCopy = headers['x-amz-archive-status'] === undefined
  const days = isCopy ? `<Days>${Math.ceil(seconds / 86_400) + 1}</Days>` : ''
  return `<RestoreRequest xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${days}<GlacierJobParameters><Tier>${tier}</Tier></GlacierJobParameters></RestoreRequest>`
}

async function ask(client: S3Client, key: string, request: string): Promise<void> {
  try {
    const headers = { 'content-type': 'application/xml' }
    const payload = payloadOf(request)
    await client.ask({ method: 'POST', key, query: { restore: '' }, headers, payload })
  } catch (error) {
    // Another worker asked a moment ago.
    if (error instanceof StoreRefusal && error.code === 'RestoreAlreadyInProgress') return
    throw error
  }
}
