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
}
