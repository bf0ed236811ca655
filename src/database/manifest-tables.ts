import type { Selectable } from 'kysely'

/** A list of files that was handed out, by an address that is a secret. */
export interface ManifestsTable {
  id: string
  organization_id: string
  /** Who made it: what it opens is what this account may pick up at that moment. */
  account_id: string
  /** SHA-256 of the secret in its address, in hex. */
  token_hash: string
  name: string
  /** The delivery that it lists, as that is when it is asked; null for files that were chosen. */
  delivery_id: string | null
  /** JSON array of their numbers; null for a delivery. */
  files: string | null
  created_at: number
  expires_at: number
  revoked_at: number | null
}

/** The digests of the pieces of a large file, taken when they were asked for first. */
export interface PieceHashesTable {
  stored_file_id: string
  /** In bytes; the last piece may be shorter. */
  piece_length: number
  /** SHA-256 of each in hex, one after the other. */
  hashes: string
}

export type ManifestRow = Selectable<ManifestsTable>
