import type { Selectable } from 'kysely'

/** A file that comes in by several requests, on any node, or by a signed URL. */
export interface UploadsTable {
  id: string
  organization_id: string
  account_id: string
  /** JSON: where the file goes when it is whole. */
  target: string
  /** In bytes, as its sender announced; null when that is not known. */
  size: number | null
  /** JSON array of `[algorithm, hex]` pairs that its sender announced. */
  digests: string
  /** The Upload-Metadata of its creation, as it came. */
  metadata: string
  /** How many bytes are safe. */
  received: number
  /** Who writes to it now; null when nobody does. Whoever holds another word has lost it. */
  lease: string | null
  lease_until: number | null
  created_at: number
  updated_at: number
  /** When it is given up, unless more comes. */
  expires_at: number
  completed_at: number | null
  /** JSON: what came of it; null before. */
  result: string | null
  /** Why nothing will come of it, for people; null otherwise. */
  message: string | null
}

/** Bytes of an upload that are safe in the store. */
export interface UploadPartsTable {
  upload_id: string
  start_offset: number
  object_key: string
  size: number
  /** JSON: how they are encrypted; null when they are not. */
  encryption: string | null
}

export type UploadRow = Selectable<UploadsTable>
export type UploadPartRow = Selectable<UploadPartsTable>
