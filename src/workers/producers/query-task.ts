import type { ParsedSql } from './sql-parameters.ts'

/** Where a query reads. */
export type QuerySourceUrl =
  /** `path` is absolute. */
  | { readonly engine: 'sqlite'; readonly path: string }
  | { readonly engine: 'postgres'; readonly url: string }

/** What the rows become. */
export type RowFormat =
  | {
      readonly format: 'csv'
      readonly byteOrderMark: boolean
      readonly delimiter: ',' | ';' | '\t'
      readonly formulaSafe: boolean
    }
  | { readonly format: 'ndjson' }
  | {
      readonly format: 'xlsx'
      /** Null: as the file. */
      readonly sheet: string | null
    }

/** What the process that runs a query is told, as one message. */
export interface QueryTask {
  readonly source: QuerySourceUrl
  readonly sql: ParsedSql
  readonly count: ParsedSql | null
  readonly values: Readonly<Record<string, unknown>>
  readonly fileName: string
  readonly format: RowFormat
  readonly timeoutSeconds: number | null
}

/** What it tells. The file itself goes over its standard output. */
export type QueryReport =
  | { readonly kind: 'progress'; readonly rows: number; readonly total: number | null }
  | { readonly kind: 'done'; readonly rows: number }
  | { readonly kind: 'failed'; readonly sentence: string }
