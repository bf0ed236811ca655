import type { Generated, Selectable } from 'kysely'
import type { ArchiveEntriesTable, ArchivesTable } from './archive-tables.ts'
import type { GrantsTable, GrantUsesTable } from './grant-tables.ts'
import type { ImportsTable, RosterEntriesTable, RosterHeadsTable } from './import-tables.ts'
import type { ManifestsTable, PieceHashesTable } from './manifest-tables.ts'
import type * as orders from './order-tables.ts'
import type {
  PortOrderFilesTable,
  PortOrderGroupsTable,
  PortOrderNumbersTable,
  PortOrdersTable,
} from './port-order-tables.ts'
import type * as study from './study-tables.ts'
import type { UploadPartsTable, UploadsTable } from './upload-tables.ts'
import type { UsageDaysTable } from './usage-tables.ts'

/**
 * The tables, as both engines hold them: text ids of ours, times in milliseconds since the epoch,
 * JSON as text, a nullable time instead of a yes or no. Each table has one owner file in `core/`,
 * the only one that writes it.
 */
export interface Tables {
  organizations: OrganizationsTable
  accounts: AccountsTable
  credentials: CredentialsTable
  stored_files: StoredFilesTable
  deliveries: DeliveriesTable
  delivery_files: DeliveryFilesTable
  pickups: PickupsTable
  grants: GrantsTable
  grant_uses: GrantUsesTable
  manifests: ManifestsTable
  piece_hashes: PieceHashesTable
  uploads: UploadsTable
  upload_parts: UploadPartsTable
  jobs: JobsTable
  work_files: WorkFilesTable
  events: EventsTable
  idempotency_keys: IdempotencyKeysTable
  usage_days: UsageDaysTable
  port_order_groups: PortOrderGroupsTable
  port_orders: PortOrdersTable
  port_order_numbers: PortOrderNumbersTable
  port_order_files: PortOrderFilesTable
  products: orders.ProductsTable
  product_properties: orders.ProductPropertiesTable
  product_files: orders.ProductFilesTable
  orders: orders.OrdersTable
  order_batches: orders.OrderBatchesTable
  order_datasets: orders.OrderDatasetsTable
  order_files: orders.OrderFilesTable
  order_counts: orders.OrderCountsTable
  studies: study.StudiesTable
  study_deliveries: study.StudyDeliveriesTable
  study_files: study.StudyFilesTable
  watched_files: study.WatchedFilesTable
  imports: ImportsTable
  roster_heads: RosterHeadsTable
  roster_organizations: RosterEntriesTable
  roster_users: RosterEntriesTable
  roster_groups: RosterEntriesTable
  roster_memberships: RosterEntriesTable
  roster_sessions: RosterEntriesTable
  archives: ArchivesTable
  archive_entries: ArchiveEntriesTable
  ended_sessions: EndedSessionsTable
}

export interface OrganizationsTable {
  id: string
  /** The first segment of a studies path. */
  code: string
  name: string
  created_at: number
}

export interface AccountsTable {
  id: string
  organization_id: string
  /** Unique over the installation, so that Basic needs no tenant. */
  username: string
  name: string
  /** JSON array of permissions. */
  permissions: string
  suspended_at: number | null
  created_at: number
}

/** `identity`: somebody of an identity provider; it proves nothing but that they came from there. */
export type CredentialKind = 'password' | 'key' | 'token' | 'client' | 'identity'

export interface CredentialsTable {
  id: string
  account_id: string
  kind: CredentialKind
  /** What a request is looked up by: user name, access key, hash of a token, client id. Unique in its kind. */
  lookup: string
  /** What the secret is compared with; null for a token, whose hash is the look-up. */
  secret_hash: string | null
  name: string
  /** JSON array of scopes a client may ask for; null for the other kinds. */
  scopes: string | null
  created_at: number
  expires_at: number | null
  revoked_at: number | null
}

export interface StoredFilesTable {
  id: string
  object_key: string
  size: number
  media_type: string
  /** Lower-case hex. */
  md5: string
  /** Lower-case hex. */
  sha256: string
  crc32: number
  /** JSON: how it is encrypted; null when it is not. */
  encryption: string | null
  /** The master key that `encryption` is wrapped with. */
  master_key_id: string | null
  created_at: number
  /** When something stopped referring to it; the sweeper then asks whether anything else still does. */
  released_at: number | null
}

export type DeliveryKind = 'download' | 'order' | 'study' | 'import' | 'port-order'

export type DeliveryState =
  | 'pending'
  | 'running'
  | 'paused'
  | 'done'
  | 'incomplete'
  | 'failed'
  | 'canceled'
  | 'expired'

export interface DeliveriesTable {
  /** The number that APIs show: unique over the installation, never reused. */
  number: Generated<number>
  id: string
  kind: DeliveryKind
  organization_id: string
  owner_id: string
  /** Of a download: the name of its type; else null. */
  type: string | null
  /** Of a download: JSON of its parameters; else null. */
  info: string | null
  state: DeliveryState
  /** From 0 to 1. */
  progress: number
  /** What it is doing, or why it failed: a sentence for people. */
  message: string | null
  created_at: number
  updated_at: number
  finished_at: number | null
  expires_at: number | null
}

export type DeliveryFileState = 'pending' | 'available' | 'delivered' | 'failed' | 'expired'

export interface DeliveryFilesTable {
  /** The number that APIs show: unique over the installation, never reused. */
  number: Generated<number>
  delivery_number: number
  /** The sub-order it belongs to; 0 where a kind has none. */
  batch: number
  /** As the customer sees it. */
  name: string
  media_type: string
  state: DeliveryFileState
  stored_file_id: string | null
  /** In bytes; known beforehand for some kinds, else that of the stored file. */
  size: number | null
  message: string | null
  created_at: number
  updated_at: number
}

export interface PickupsTable {
  number: Generated<number>
  file_number: number
  /** Who took it: one row for each account and file, so that ranged pick-ups add up. */
  account_id: string
  /** The signed URL that was used last; null when none was. */
  grant_id: string | null
  /** JSON array of `[start, end)` pairs, merged and in order. */
  spans: string
  bytes_sent: number
  address: string | null
  started_at: number
  updated_at: number
  /** When the union of the spans had become the whole file. */
  completed_at: number | null
}

export type JobState = 'waiting' | 'running' | 'done' | 'dead' | 'canceled'

export interface JobsTable {
  number: Generated<number>
  /** Names the handler. */
  kind: string
  /** `local`, or `worker:<organization id>:<type>` for work that outside programs claim. */
  queue: string
  organization_id: string
  account_id: string
  delivery_number: number | null
  /** JSON for the handler. */
  payload: string
  state: JobState
  /** When it may be claimed (next), or the end of its lease while it runs; null when it is over. */
  claimable_at: number | null
  /** Counts claims; fences out a worker whose lease ended. */
  attempt: number
  max_attempts: number
  worker: string | null
  /** Set while it runs and should stop. */
  cancel_asked_at: number | null
  /** Why the last attempt failed. */
  message: string | null
  created_at: number
  started_at: number | null
  finished_at: number | null
}

/** A file that an outside worker has put in: its bytes are safe, and nobody sees it before the attempt ends well. */
export interface WorkFilesTable {
  job_number: number
  attempt: number
  name: string
  media_type: string
  object_key: string
  size: number
  /** Lower-case hex. */
  md5: string
  /** Lower-case hex. */
  sha256: string
  crc32: number
  /** JSON: how it is encrypted; null when it is not. */
  encryption: string | null
  created_at: number
}

export interface EventsTable {
  number: Generated<number>
  at: number
  organization_id: string
  /** Whose thing it concerns: this account may read it, besides the administrators. */
  owner_id: string | null
  /** Who did it; null for the system. */
  actor_id: string | null
  /** `delivery.done`, `file.picked-up`, `link.revoked`, … */
  action: string
  delivery_number: number | null
  /** JSON object. */
  data: string
}

export interface IdempotencyKeysTable {
  account_id: string
  operation: string
  key: string
  /** SHA-256 of the request as parsed. */
  fingerprint: string
  /** JSON of the first answer; null while the first request is still running. */
  answer: string | null
  created_at: number
}

/** Sessions that were ended by hand. */
export interface EndedSessionsTable {
  id: string
  /** When it would have ended at the latest: then the row may go. */
  until: number
}

export type OrganizationRow = Selectable<OrganizationsTable>
export type AccountRow = Selectable<AccountsTable>
export type CredentialRow = Selectable<CredentialsTable>
export type StoredFileRow = Selectable<StoredFilesTable>
export type DeliveryRow = Selectable<DeliveriesTable>
export type DeliveryFileRow = Selectable<DeliveryFilesTable>
export type PickupRow = Selectable<PickupsTable>
export type { GrantRow, GrantUseRow } from './grant-tables.ts'
export type { ManifestRow } from './manifest-tables.ts'
export type { UploadPartRow, UploadRow } from './upload-tables.ts'
export type JobRow = Selectable<JobsTable>
export type WorkFileRow = Selectable<WorkFilesTable>
export type EventRow = Selectable<EventsTable>
