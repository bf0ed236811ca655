import { createHash } from 'node:crypto'
import { DeliveryError } from './errors.ts'
import type { Change } from './transact.ts'

/** A request that its sender may repeat without doing it twice. */
export interface Repeatable {
  accountId: string
  /** What is created: keys of different operations do not meet. */
  operation: string
  /** The Idempotency-Key, 1 to 255 characters. */
  key: string
  /** What was asked for; a repetition must ask for the same. */
  request: unknown
}

/**
 * Does something once for a key, in the transaction of what it does, and gives every repetition
 * within 24 hours the first answer again (draft-ietf-httpapi-idempotency-key-header).
 * @throws DeliveryError `idempotency_mismatch` when the key came before with another request,
 *   `idempotency_running` when the first request has not ended yet, `invalid` for a bad key
 */
export async function doOnce<T>(
  change: Change,
  repeatable: Repeatable | null,
  work: () => Promise<T>,
): Promise<T> {
  if (repeatable === null) return await work()
  const { accountId, operation, key } = repeatable
  if (!/^[\x20-\x7e]{1,255}$/.test(key)) {
    throw new DeliveryError(
      'invalid',
      'An Idempotency-Key has 1 to 255 printable ASCII characters.',
    )
  }
  const fingerprint = createHash('sha256').update(JSON.stringify(repeatable.request)).digest('hex')
  const inserted = await change.db
    .insertInto('idempotency_keys')
    .values({
      account_id: accountId,
      operation,
      key,
      fingerprint,
      answer: null,
      created_at: change.now,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('key')
    .executeTakeFirst()
  const thisKey = change.db
    .selectFrom('idempotency_keys')
    .select(['fingerprint', 'answer'])
    .where('account_id', '=', accountId)
    .where('operation', '=', operation)
    .where('key', '=', key)
  if (inserted === undefined) {
    const first = await thisKey.executeTakeFirstOrThrow()
    return repeatedAnswer<T>(first, fingerprint)
  }
  const answer = await work()
  await change.db
    .updateTable('idempotency_keys')
    .set({ answer: JSON.stringify(answer) })
    .where('account_id', '=', accountId)
    .where('operation', '=', operation)
    .where('key', '=', key)
    .execute()
  return answer
}

function repeatedAnswer<T>(
  first: { fingerprint: string; answer: string | null },
  fingerprint: string,
): T {
  if (first.fingerprint !== fingerprint) {
    throw new DeliveryError(
      'idempotency_mismatch',
      'This Idempotency-Key was used before for another request. Send a new key, or the same request.',
    )
  }
  if (first.answer === null) {
    throw new DeliveryError(
      'idempotency_running',
      'The first request with this Idempotency-Key is still running. Try again in a moment.',
    )
  }
  // Written by `doOnce` itself from a T of the same operation.
  return JSON.parse(first.answer) as T
}

/** Keys are kept for 24 hours. */
export async function forgetOldKeys(change: Change): Promise<void> {
  await change.db
    .deleteFrom('idempotency_keys')
    .where('created_at', '<', change.now - 24 * 3600 * 1000)
    .execute()
}
