import type { ClientError } from '../client-error.ts'
import type { Snapshot } from '../delivery.ts'
import type { RecordedFile } from './folder-record.ts'

/** What happens while files are fetched. Paths are below the target folder, with `/`. */
export type GetEvent =
  /** The server was asked how the delivery stands. */
  | { readonly type: 'look'; readonly snapshot: Snapshot }
  /** A dry run would fetch this. */
  | { readonly type: 'planned'; readonly path: string; readonly size: number | null }
  /** It is there, and `include` or `exclude` leaves it out. */
  | { readonly type: 'skipped'; readonly path: string }
  | { readonly type: 'start'; readonly path: string; readonly size: number | null }
  /** So many bytes of it are here; told some times a second at most. */
  | {
      readonly type: 'progress'
      readonly path: string
      readonly bytes: number
      readonly size: number | null
    }
  /** Something went wrong and is tried again. */
  | { readonly type: 'setback'; readonly path: string; readonly sentence: string }
  /** It is whole, checked, and under its name; `kept`: it was here already. */
  | {
      readonly type: 'done'
      readonly path: string
      readonly file: RecordedFile
      readonly kept: boolean
    }
  | { readonly type: 'failed'; readonly path: string; readonly error: ClientError }
