import type { Core } from '../../core/core.ts'
import type { Complaints } from './complaints.ts'
import type { OpenFolder } from './open-regular.ts'
import type { Settling } from './settling.ts'

/** How a folder is watched. */
export interface WatchOptions {
  /** What lies in it as `ORG/STUDY/DELIVERY/file` is published. */
  folder: string
  /** How long a file must stand unchanged, in ms, unless it was renamed in. */
  settleMs: number
  /** How often the folder is looked through, in ms; longer where one look takes longer. */
  scanMs: number
  /** Is a file that goes away withdrawn? */
  withdraw: boolean
  onPublished(said: { folder: string; files: number }): void
  /** Told once of each thing that cannot be published, with a sentence. */
  onComplaint(sentence: string, error: unknown): void
}

/** What one look through the folder works with. */
export interface Scan {
  core: Core
  options: WatchOptions
  settling: Settling
  complaints: Complaints
  /** By `ORG/STUDY/DELIVERY`: when the folder's entries changed last, where nothing was left to do. */
  quiet: Map<string, bigint>
  signal: AbortSignal
}

/** A folder `ORG/STUDY/DELIVERY` under a look. */
export interface Visit {
  scan: Scan
  folder: OpenFolder
  /** `ORG/STUDY/DELIVERY` */
  key: string
  codes: { organization: string; study: string; delivery: string }
  /** Set when something is left for the next look. */
  busy: boolean
}
