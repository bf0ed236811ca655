import type { Static } from 'typebox'
import { accountPermissions } from '../../core/accounts/accounts.ts'
import type { ListedCredential } from '../../core/accounts/credentials.ts'
import type { DownloadType as CoreDownloadType } from '../../core/download-type.ts'
import { isServerQueue } from '../../core/jobs/jobs.ts'
import type { OutsideWork } from '../../core/outside-work/outside-work.ts'
import type { Principal } from '../../core/principal.ts'
import type { FileDigests } from '../../core/read-deliveries.ts'
import type {
  AccountRow,
  DeliveryFileRow,
  DeliveryRow,
  EventRow,
  JobRow,
  OrganizationRow,
  PickupRow,
} from '../../database/tables.ts'
import type * as accounts from './account-schemas.ts'
import type * as deliveries from './delivery-schemas.ts'
import type * as work from './work-schemas.ts'

/** Who the caller is, and what it may. */
export function toMe(principal: Principal): Static<typeof accounts.Me> {
  return {
    id: principal.accountId,
    organizationId: principal.organizationId,
    username: principal.username,
    permissions: [...principal.permissions],
    scopes: principal.scopes === null ? null : [...principal.scopes],
  }
}

/** A download type as those see it who may ask for it. */
export function toDownloadType(type: CoreDownloadType): Static<typeof deliveries.DownloadType> {
  const { name, title, description, permission, retentionSeconds, producedBy, infoSchema } = type
  return { name, title, description, permission, retentionSeconds, producedBy, infoSchema }
}

/** A delivery, whatever its kind. */
export function toDelivery(row: DeliveryRow): Static<typeof deliveries.Delivery> {
  return {
    id: row.id,
    number: row.number,
    kind: row.kind,
    type: row.type,
    info: row.info === null ? null : JSON.parse(row.info),
    state: row.state,
    progress: row.progress,
    message: row.message,
    ownerId: row.owner_id,
    createdAt: toTime(row.created_at),
    updatedAt: toTime(row.updated_at),
    finishedAt: toNullableTime(row.finished_at),
    expiresAt: toNullableTime(row.expires_at),
  }
}

/** @param digests null while there are no bytes */
export function toFileEntry(
  delivery: DeliveryRow,
  row: DeliveryFileRow,
  digests: FileDigests | null,
): Static<typeof deliveries.FileEntry> {
  return {
    number: row.number,
    deliveryId: delivery.id,
    batch: row.batch,
    name: row.name,
    mediaType: row.media_type,
    state: row.state,
    size: row.size,
    sha256: digests?.sha256 ?? null,
    md5: digests?.md5 ?? null,
    crc32: digests?.crc32?.toString(16).padStart(8, '0') ?? null,
    message: row.message,
    createdAt: toTime(row.created_at),
    updatedAt: toTime(row.updated_at),
  }
}

/** Who took how much of a file. */
export function toPickup(
  row: PickupRow & { name: string; size: number | null },
): Static<typeof deliveries.Pickup> {
  return {
    fileNumber: row.file_number,
    fileName: row.name,
    accountId: row.account_id,
    linkId: row.grant_id,
    address: row.address,
    size: row.size,
    bytesSent: row.bytes_sent,
    startedAt: toTime(row.started_at),
    updatedAt: toTime(row.updated_at),
    completedAt: toNullableTime(row.completed_at),
  }
}

/** @param forAdministrator shows who holds it and the whole reason of a failure, which may name paths of the server */
export function toJob(
  row: JobRow,
  { deliveryId, forAdministrator }: { deliveryId: string | null; forAdministrator: boolean },
): Static<typeof work.Job> {
  return {
    number: row.number,
    kind: row.kind,
    deliveryId,
    producedBy: isServerQueue(row.queue) ? 'server' : 'worker',
    state: row.state,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    stopping: row.state === 'running' && row.cancel_asked_at !== null,
    worker: forAdministrator ? row.worker : null,
    message: forAdministrator ? row.message : null,
    claimableAt: toNullableTime(row.claimable_at),
    createdAt: toTime(row.created_at),
    startedAt: toNullableTime(row.started_at),
    finishedAt: toNullableTime(row.finished_at),
  }
}

/** A piece of work as a worker outside is given it. */
export function toWork(
  { job, delivery, account }: OutsideWork,
  leaseSeconds: number,
): Static<typeof work.Work> {
  return {
    number: job.number,
    attempt: job.attempt,
    type: delivery.type ?? '',
    info: delivery.info === null ? null : JSON.parse(delivery.info),
    deliveryId: delivery.id,
    account: {
      id: account.accountId,
      username: account.username,
      organizationId: account.organizationId,
    },
    leaseSeconds,
  }
}

/** An event of the feed and of the audit trail. */
export function toEvent(row: EventRow): Static<typeof deliveries.Event> {
  return {
    number: row.number,
    at: toTime(row.at),
    action: row.action,
    actorId: row.actor_id,
    deliveryNumber: row.delivery_number,
    data: JSON.parse(row.data),
  }
}

/** An account, without its credentials. */
export function toAccount(row: AccountRow): Static<typeof accounts.Account> {
  return {
    id: row.id,
    organizationId: row.organization_id,
    username: row.username,
    name: row.name,
    permissions: [...accountPermissions(row)],
    suspendedAt: toNullableTime(row.suspended_at),
    createdAt: toTime(row.created_at),
  }
}

/** A credential, without its secret. */
export function toCredential(row: ListedCredential): Static<typeof accounts.Credential> {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    // The look-up of a token is its hash.
    publicId: row.kind === 'token' ? null : row.lookup,
    scopes: row.scopes === null ? null : JSON.parse(row.scopes),
    createdAt: toTime(row.created_at),
    expiresAt: toNullableTime(row.expires_at),
    revokedAt: toNullableTime(row.revoked_at),
  }
}

/** An organization. */
export function toOrganization(row: OrganizationRow): Static<typeof accounts.Organization> {
  return { id: row.id, code: row.code, name: row.name, createdAt: toTime(row.created_at) }
}

/** A time as this API writes it (RFC 3339). */
export function toTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

/** The same of a time that may not be. */
export function toNullableTime(milliseconds: number | null): string | null {
  return milliseconds === null ? null : toTime(milliseconds)
}
