import { createHash } from 'node:crypto'
import type { Connection } from '../../database/database.ts'
import type { GrantRow, GrantUseRow } from '../../database/tables.ts'
import type { ByteSpan } from '../content.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import { newId } from '../ids.ts'
import { coverAll, mergeSpans, parseSpans, spansText } from '../spans.ts'
import { type Change, transact } from '../transact.ts'
import { holdGrant } from './grants.ts'

/** Who takes what a counted grant opens, as far as one can be told from another. */
export interface TakingClient {
  address: string | null
  /** What it calls itself. */
  agent: string
}

/** A use that has not become a whole download is free again when its client has been idle for so long. */
const IDLE_MS = 10 * 60_000

/** Longer names of programs are cut. */
const AGENT_LENGTH = 300

/**
 * Reserves one of the uses of a counted grant for a client, or finds the one that it holds: what it asks
 * for later belongs to it. Of clients that race for the last use one wins, on whichever nodes they ask.
 * @throws DeliveryError `limit_reached` when all are used up or held by others; `not_found` when the
 *   grant is gone
 */
export async function reserveUse(
  core: Core,
  grantId: string,
  client: TakingClient,
): Promise<string> {
  const name = nameOf(client)
  return await transact(core, async (change) => {
    const grant = await holdGrant(change, grantId)
    if (grant === null) throw new DeliveryError('not_found', 'There is no such link.')
    const own = await findOpenUse(change, grantId, name)
    if (own !== null && !isIdle(own, change.now)) {
      await touch(change, own.id)
      return own.id
    }
    const [count] = await countUses(change.db, [grantId], change.now)
    if ((count?.used ?? 0) + (count?.open ?? 0) >= (grant.max_uses ?? 0)) {
      throw usedUp(grant, count?.used ?? 0)
    }
    if (own === null) return await insertUse(change, { grantId, name, client })
    await touch(change, own.id)
    return own.id
  })
}

function nameOf({ address, agent }: TakingClient): string {
  return createHash('sha256')
    .update(`${address ?? ''}\n${agent}`)
    .digest('hex')
}

function isIdle({ updated_at }: Pick<GrantUseRow, 'updated_at'>, now: number): boolean {
  return updated_at <= now - IDLE_MS
}

async function findOpenUse(
  { db }: Change,
  grantId: string,
  client: string,
): Promise<Pick<GrantUseRow, 'id' | 'updated_at'> | null> {
  const row = await db
    .selectFrom('grant_uses')
    .select(['id', 'updated_at'])
    .where('grant_id', '=', grantId)
    .where('client', '=', client)
    .where('burnt_at', 'is', null)
    .executeTakeFirst()
  return row ?? null
}

async function touch({ db, now }: Change, id: string): Promise<void> {
  await db.updateTable('grant_uses').set({ updated_at: now }).where('id', '=', id).execute()
}

async function insertUse(
  change: Change,
  { grantId, name, client }: { grantId: string; name: string; client: TakingClient },
): Promise<string> {
  const id = newId(change.now)
  await change.db
    .insertInto('grant_uses')
    .values({
      id,
      grant_id: grantId,
      client: name,
      address: client.address,
      agent: client.agent.slice(0, AGENT_LENGTH),
      spans: '[]',
      bytes_sent: 0,
      started_at: change.now,
      updated_at: change.now,
      burnt_at: null,
    })
    .execute()
  return id
}

function usedUp({ max_uses: most }: Pick<GrantRow, 'max_uses'>, used: number): DeliveryError {
  const downloads = most === 1 ? 'one download' : `${most} downloads`
  const sentence =
    used >= (most ?? 0)
      ? `This link was for ${downloads}, and ${most === 1 ? 'it has' : 'they have'} been made. Ask for a new one.`
      : `This link is for ${downloads}, and others are taking it just now. If they break off, it opens again ten minutes later.`
  return new DeliveryError('limit_reached', sentence)
}

/** Says that the client of a use is still taking bytes. */
export async function keepUse(core: Core, useId: string): Promise<void> {
  await transact(core, (change) => touch(change, useId))
}

/**
 * Adds bytes that went out to a use. It is burnt when all bytes have gone out, or twice as many as
 * there are.
 * @param size of what the grant opens, in bytes
 */
export async function noteUse(
  core: Core,
  useId: string,
  { span, size }: { span: ByteSpan; size: number },
): Promise<void> {
  await transact(core, async (change) => {
    // The update comes first, for its lock: other nodes may be adding, too.
    const use = await change.db
      .updateTable('grant_uses')
      .set((eb) => ({
        bytes_sent: eb('bytes_sent', '+', span.end - span.start),
        updated_at: change.now,
      }))
      .where('id', '=', useId)
      .returning(['spans', 'bytes_sent', 'burnt_at'])
      .executeTakeFirst()
    if (use === undefined) return
    const spans = mergeSpans([...parseSpans(use.spans), span])
    const isBurnt = coverAll(spans, size) || use.bytes_sent >= 2 * size
    await change.db
      .updateTable('grant_uses')
      .set({
        spans: spansText(spans),
        burnt_at: use.burnt_at ?? (isBurnt ? change.now : null),
      })
      .where('id', '=', useId)
      .execute()
  })
}

/** How often a grant was used. */
export interface UseCount {
  grantId: string
  /** Whole downloads. */
  used: number
  /** Begun, and their clients are not idle. */
  open: number
}

/** The counts of these grants, of those that have any use; at most 1,000 at a time. */
export async function countUses(
  db: Connection,
  grantIds: readonly string[],
  now: number,
): Promise<UseCount[]> {
  if (grantIds.length === 0) return []
  const rows = await db
    .selectFrom('grant_uses')
    .select((eb) => [
      'grant_id',
      eb.fn.count<number>('burnt_at').as('used'),
      eb.fn.countAll<number>().as('taken'),
    ])
    .where('grant_id', 'in', grantIds)
    .where((eb) => eb.or([eb('burnt_at', 'is not', null), eb('updated_at', '>', now - IDLE_MS)]))
    .groupBy('grant_id')
    .execute()
  return rows.map((row) => {
    const used = Number(row.used)
    return { grantId: row.grant_id, used, open: Number(row.taken) - used }
  })
}

/** Who has used a grant, the last to begin first; at most 1,000. */
export async function listUses(db: Connection, grantId: string): Promise<GrantUseRow[]> {
  return await db
    .selectFrom('grant_uses')
    .selectAll()
    .where('grant_id', '=', grantId)
    .orderBy('id', 'desc')
    .limit(1000)
    .execute()
}

/** Forgets the uses of grants that are forgotten. */
export async function forgetUses(core: Core): Promise<void> {
  await core.database.kysely
    .deleteFrom('grant_uses')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb.selectFrom('grants').select('id').whereRef('grants.id', '=', 'grant_uses.grant_id'),
        ),
      ),
    )
    .execute()
}
