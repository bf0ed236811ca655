import type { Selectable } from 'kysely'

export interface ImportsTable {
  delivery_number: number
  organization_id: string
  /** The uploaded file; null as soon as the import is over, because it may hold passwords. */
  stored_file_id: string | null
  /** As it was uploaded. */
  file_name: string
  /** The template that its header row named; null before it was recognized. */
  template: string | null
  rows_created: number
  rows_updated: number
  rows_unchanged: number
  rows_failed: number
}

/** Which version of a customer's roster is in force. */
export interface RosterHeadsTable {
  organization_id: string
  /** Entries of a greater version are not visible. */
  version: number
  /** The last version that an import has begun to write; only its writer may go on. */
  last_version: number
  /** Entries that were replaced up to this version are gone. */
  compacted_version: number
}

/** An entry of a roster, in one of its versions. The five nouns have tables of this form. */
export interface RosterEntriesTable {
  /** The customer: a tenant. */
  organization_id: string
  /** What identifies the entry in its noun. */
  key: string
  version: number
  /** The row of the file that wrote this version. */
  source_row: number
  /** JSON object. */
  fields: string
}

export type ImportRow = Selectable<ImportsTable>
