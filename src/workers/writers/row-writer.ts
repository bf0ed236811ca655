/** One value of one row. Engines give digits as text where a JavaScript number would lose some. */
export type Cell =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  /** A number of any length, as its digits: `-12.50`; or `NaN`, `Infinity`. */
  | { readonly decimal: string }
  /** ISO 8601: `2026-11-21`, `2026-11-21T22:31:00` (no zone) or `2026-11-21T22:31:00Z`. */
  | { readonly time: string }
  /** JSON text. */
  | { readonly json: string }

export type Row = readonly Cell[]

/**
 * Makes the bytes of a file out of rows, batch by batch; what it holds between two calls does not
 * grow with the rows. A batch is as long as its rows are; give it some hundred at a time.
 */
export interface RowWriter {
  /** The next bytes of the file; there may be none yet. */
  write(rows: readonly Row[]): Uint8Array
  /** The last bytes of the file. A file without rows holds its columns' names, where its format has a place for them. */
  end(): Uint8Array
}
