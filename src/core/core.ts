import type { Database } from '../database/database.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { DownloadType } from './download-type.ts'
import type { MasterKeys } from './encryption/master-keys.ts'

/** What the core's operations work with. Made once, by `open-installation.ts`. */
export interface Core {
  readonly database: Database
  readonly store: ObjectStore
  readonly masterKeys: MasterKeys
  readonly downloadTypes: ReadonlyMap<string, DownloadType>
  readonly settings: CoreSettings
  /** The account that this node took a job for last, by queue, so that the next one has its turn. */
  readonly turns: Map<string, string>
}

export interface CoreSettings {
  /** How long a signed URL lives, in seconds. */
  readonly signedUrlSeconds: number
  /** How long a claimed job stays its worker's without a heartbeat, in seconds. */
  readonly leaseSeconds: number
  /** How long after its first failure a job is tried again, in seconds; each further wait is twice as long. */
  readonly jobRetrySeconds: number
  /** How long an object without a row is left alone before the sweeper removes it, in seconds. */
  readonly orphanGraceSeconds: number
  /** Which files are encrypted in the store: the documents of port orders, or all. */
  readonly encrypt: 'documents' | 'all'
  /** The longest document of a port order, in bytes. */
  readonly maxDocumentBytes: number
  /** A sub-order is cut when its files reach so many bytes together. */
  readonly orderBatchBytes: number
  /** A sub-order is cut when it has so many files. */
  readonly orderBatchFiles: number
  /** So many sub-orders of an account are prepared or wait for being picked up; the next one waits for its turn. */
  readonly orderBatchesAtOnce: number
  /** The most files that one order may have. */
  readonly orderMaxFiles: number
  /** How long an order and its files are kept after it was placed, in seconds. */
  readonly orderSeconds: number
  /** How many uploads of an account may be unfinished at once. */
  readonly accountUploads: number
  /** How many bytes the unfinished uploads of an account may be announced with together. */
  readonly accountUploadBytes: number
  /** How many links of an account may be open at once. */
  readonly accountLinks: number
  /** How many manifests of an account may be open at once. */
  readonly accountManifests: number
  /** The longest file that is pulled from a URL into a study, in bytes. */
  readonly pullMaxBytes: number
}
