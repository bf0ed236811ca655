import { holdAccount } from '../accounts/accounts.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import type { Principal } from '../principal.ts'
import type { Change } from '../transact.ts'

/*
 * How much an account may have at once. Each count reads an index that has only what is open, and of
 * this account: 0.05 ms for what people have, 0.1 ms for 1,000 and 4 ms for 100,000. It holds the
 * account first, so that on PostgreSQL two that want the last place wait for each other.
 */

/**
 * Asks whether an account may begin one more upload, of so many bytes; null when nobody knows how many.
 * @throws DeliveryError `limit_reached`; `too_large` for one that never has room
 */
export async function demandUploadPlace(
  core: Core,
  change: Change,
  { accountId, size }: { accountId: string; size: number | null },
): Promise<void> {
  const { accountUploads: most, accountUploadBytes: mostBytes } = core.settings
  if (size !== null && size > mostBytes) {
    const sentence = `An upload may have at most ${mostBytes} bytes here.`
    throw new DeliveryError('too_large', sentence, { details: { limit: mostBytes } })
  }
  await holdAccount(change, accountId)
  const open = await change.db
    .selectFrom('uploads')
    .select((eb) => [eb.fn.countAll<number>().as('count'), eb.fn.sum<number>('size').as('bytes')])
    .where('account_id', '=', accountId)
    .where('completed_at', 'is', null)
    .where('message', 'is', null)
    // What somebody writes to is not given up.
    .where((eb) => eb.or([eb('expires_at', '>', change.now), eb('lease_until', '>', change.now)]))
    .executeTakeFirstOrThrow()
  if (Number(open.count) >= most) {
    throw full(
      `The account has ${most} unfinished uploads, as many as it may: finish or end one first. Those to which nothing comes are given up after a day.`,
    )
  }
  if (Number(open.bytes ?? 0) + (size ?? 0) > mostBytes) {
    throw full(
      `The unfinished uploads of the account may have ${mostBytes} bytes together: finish or end one first.`,
    )
  }
}

/**
 * Asks whether an account may have so many links more.
 * @throws DeliveryError `limit_reached`
 */
export async function demandLinkPlaces(
  core: Core,
  change: Change,
  { principal: { accountId }, more }: { principal: Principal; more: number },
): Promise<void> {
  const most = core.settings.accountLinks
  await holdAccount(change, accountId)
  const { count } = await change.db
    .selectFrom('grants')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('account_id', '=', accountId)
    .where('place_until', '>', change.now)
    .executeTakeFirstOrThrow()
  if (Number(count) + more <= most) return
  throw full(
    `The account has ${count} open links and may have ${most}: revoke some, or give links a shorter life.`,
  )
}

/**
 * Asks whether an account may have one manifest more.
 * @throws DeliveryError `limit_reached`
 */
export async function demandManifestPlace(
  core: Core,
  change: Change,
  { accountId }: Principal,
): Promise<void> {
  const most = core.settings.accountManifests
  await holdAccount(change, accountId)
  const { count } = await change.db
    .selectFrom('manifests')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('account_id', '=', accountId)
    .where('expires_at', '>', change.now)
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow()
  if (Number(count) < most) return
  throw full(`The account has ${most} open manifests, as many as it may: revoke one first.`)
}

function full(sentence: string): DeliveryError {
  return new DeliveryError('limit_reached', sentence)
}
