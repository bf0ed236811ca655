import type { GrantRow } from '../../database/tables.ts'
import { findPrincipal } from '../accounts/accounts.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import type { DigestAlgorithm, ExpectedBytes } from '../expected-bytes.ts'
import { findGrant } from '../grants/find-grants.ts'
import { type GrantOptions, grantUpload } from '../grants/grants.ts'
import type { Principal } from '../principal.ts'
import { transact } from '../transact.ts'
import { holdUpload } from './hold-upload.ts'
import {
  deliverUpload,
  demandTarget,
  type UploadResult,
  type UploadTarget,
} from './upload-target.ts'
import { endUpload, expectedOf, findUpload, insertUpload, targetOf } from './uploads.ts'

export interface UploadWish extends GrantOptions {
  target: UploadTarget
  expected: ExpectedBytes
}

/**
 * A signed URL by which somebody without an account puts one file in, once. What they put is put by whoever made the URL,
 * with the rights of that moment.
 * @throws DeliveryError as `demandTarget` and `insertUpload`; `invalid` for a lifetime or networks that cannot be
 */
export async function grantUploadUrl(
  core: Core,
  principal: Principal,
  { target, expected, ...options }: UploadWish,
): Promise<GrantRow> {
  await demandTarget(core, principal, target)
  const { lifetimeSeconds = core.settings.signedUrlSeconds } = options
  return await transact(core, async (change) => {
    // It waits as long as its URL opens. A put that has begun then is let end.
    const keptMs = lifetimeSeconds * 1000
    const upload = await insertUpload(core, change, { principal, target, expected, keptMs })
    const into = {
      uploadId: upload.id,
      organizationId: upload.organization_id,
      fileName: target.name,
    }
    return await grantUpload(core, change, { principal, into, ...options })
  })
}

export interface PutBytes {
  source: AsyncIterable<Uint8Array>
  /** What the sender says of them, beside what was said when the URL was made. */
  expected: ExpectedBytes
  signal: AbortSignal
}

/**
 * Takes in the bytes that are put to such a URL.
 * @throws DeliveryError `forbidden` when the account that made it is suspended or lost its rights, or
 *   it was revoked, even while the bytes came;
 *   `conflict` when it was used; `invalid` for other bytes than were announced; as `deliverUpload`. Nothing is visible then.
 */
export async function receivePut(
  core: Core,
  { id, account_id, upload_id }: Pick<GrantRow, 'id' | 'account_id' | 'upload_id'>,
  put: PutBytes,
): Promise<UploadResult> {
  const principal = await findPrincipal(core, account_id)
  if (principal === null) {
    throw new DeliveryError('forbidden', 'The account that made this URL may not use it any more.')
  }
  const source = unlessRevoked(core, id, put.source)
  return await uploadAtOnce(core, principal, { id: upload_id ?? '', ...put, source })
}

async function* unlessRevoked(
  core: Core,
  grantId: string,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* source
  const grant = await findGrant(core.database.kysely, grantId)
  if (grant?.revoked_at === null) return
  throw new DeliveryError('forbidden', 'This URL was revoked.')
}

/**
 * Puts an upload where it goes, whose bytes come all at once.
 * @throws DeliveryError `not_found`; `conflict` when it has its bytes; as `receivePut`
 */
export async function uploadAtOnce(
  core: Core,
  principal: Principal,
  { id, source, expected, signal }: PutBytes & { id: string },
): Promise<UploadResult> {
  const upload = await findUpload(core.database.kysely, id)
  if (upload === null) throw new DeliveryError('not_found', 'There is no such upload.')
  // Asked before the first byte is taken, and again when they are shown.
  await demandTarget(core, principal, targetOf(upload))
  const all = both(expectedOf(upload), expected)
  return await holdUpload(core, id, async ({ held, upload: { completed_at } }) => {
    if (completed_at !== null) {
      throw new DeliveryError('conflict', 'This URL was used already; ask for a new one.')
    }
    const result = await deliverUpload(core, principal, {
      target: targetOf(upload),
      upload: { id, source, expected: all, signal },
    })
    await endUpload(core, held, result)
    return result
  })
}

/** @throws DeliveryError `invalid` when they contradict each other */
function both(announced: ExpectedBytes, sent: ExpectedBytes): ExpectedBytes {
  const digests = new Map<DigestAlgorithm, string>(announced.digests ?? [])
  for (const [algorithm, digest] of sent.digests ?? []) {
    if ((digests.get(algorithm) ?? digest) !== digest) throw contradiction(algorithm)
    digests.set(algorithm, digest)
  }
  const size = announced.size ?? sent.size
  if (size !== undefined && (sent.size ?? size) !== size) throw contradiction('length')
  return { digests, ...(size === undefined ? {} : { size }) }
}

function contradiction(what: string): DeliveryError {
  return new DeliveryError('invalid', `The ${what} is not the one that was announced.`)
}
