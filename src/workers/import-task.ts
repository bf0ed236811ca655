import type { PasswordCost } from '../auth/password.ts'
import type { ImportRow, RowOutcome } from '../core/imports/import-rows.ts'
import type { TemplateName } from '../core/imports/import-templates.ts'
import type { ImportCounts } from '../core/imports/imports.ts'

/** What the thread that reads a roster file is told. */
export interface ImportTask {
  readonly passwordCost: PasswordCost
}

/** What it asks of the main thread, which alone has the store and the database. */
export interface ImportCalls {
  /** The next bytes of the upload; null at its end. */
  read(): Promise<Uint8Array | null>
  /** Writes rows into the draft. */
  apply(work: { template: TemplateName; rows: ImportRow[] }): Promise<RowOutcome[]>
  /** The next bytes of the result file. */
  write(bytes: Uint8Array): Promise<void>
}

export type ImportReport =
  | { readonly kind: 'done'; readonly counts: ImportCounts }
  /** The file as a whole cannot be read; the sentence says what is wrong where. */
  | { readonly kind: 'refused'; readonly sentence: string; readonly counts: ImportCounts }

/** A call on its way; the answer has its id. */
export type ImportMessage =
  | {
      readonly [K in keyof ImportCalls]: {
        readonly call: K
        readonly id: number
        readonly argument: Parameters<ImportCalls[K]>[0]
      }
    }[keyof ImportCalls]
  | { readonly call: 'end'; readonly report: ImportReport }

export interface ImportAnswer {
  readonly id: number
  readonly value: unknown
}
