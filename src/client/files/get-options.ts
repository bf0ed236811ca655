import type { ClientError } from '../client-error.ts'
import type { Standing } from '../delivery.ts'

/** How files are fetched. */
export interface GetOptions {
  /** Where the files go; made when it is not there. */
  readonly folder: string
  readonly signal?: AbortSignal
  /** Files at a time; 8 when left out. */
  readonly jobs?: number
  /** Connections for one large file; 4 when left out. */
  readonly connections?: number
  /** From this length on a file comes by several connections, in bytes; 64 MiB when left out. */
  readonly splitBytes?: number
  /**
   * Unless one connection brings so many bytes a second by itself; 64 MiB when left out. Infinity asks
   * for several in any case.
   */
  readonly enoughRate?: number
  /** Patterns of paths below the folder: `*.csv`, `2026/**`. */
  readonly include?: readonly string[]
  readonly exclude?: readonly string[]
  /** `tree` keeps the server's folders; when left out, as suits the API. */
  readonly layout?: 'flat' | 'tree'
  /** What is ready now, without waiting for the rest. */
  readonly allReady?: boolean
  /** Only tells what would be fetched. */
  readonly dryRun?: boolean
  /** Everything as one archive, which the server makes. */
  readonly archive?: boolean
  /** For all files together, in bytes a second. */
  readonly rateLimit?: number
  /** How long nothing may come before a connection counts as dead, in ms; 60,000 when left out. */
  readonly stallMs?: number
}

/** How a run ended. */
export interface GetReport {
  readonly standing: Standing
  /** The server's word for it. */
  readonly word: string
  readonly message: string | null
  /** Files that came in this run, and that were here already. */
  readonly fetched: number
  readonly kept: number
  readonly failed: readonly { readonly path: string; readonly error: ClientError }[]
  /** Bytes of what came, with what an earlier run had fetched of it. */
  readonly bytes: number
}
