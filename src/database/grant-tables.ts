import type { Selectable } from 'kysely'

export interface GrantsTable {
  id: string
  organization_id: string
  /** Who it was made for or by. */
  account_id: string
  /** What it opens; exactly one of the three is set. */
  file_number: number | null
  archive_id: string | null
  upload_id: string | null
  /** What its URL is signed for. `PAGE` shows a page whose button leads to the bytes. */
  method: 'GET' | 'PUT' | 'PAGE'
  file_name: string
  disposition: 'attachment' | 'inline'
  /** Answered when it has expired: 401 or 403, as the profile of the issuing API says. */
  expired_status: number
  created_at: number
  expires_at: number
  revoked_at: number | null
  /** How many clients may take it; null when they are not counted. */
  max_uses: number | null
  /** JSON array of addresses and networks that it opens for; null for all. */
  networks: string | null
  /** The manifest that led to it; null when none did. */
  manifest_id: string | null
  /** Till when it counts among the links that its account has at once; null when it does not. */
  place_until: number | null
}

/** A client that has begun to take what a counted grant opens. */
export interface GrantUsesTable {
  id: string
  grant_id: string
  /** Hash of its address and its agent. */
  client: string
  address: string | null
  /** What it calls itself, cut. */
  agent: string
  /** JSON array of `[start, end)` pairs, merged and in order. */
  spans: string
  bytes_sent: number
  started_at: number
  updated_at: number
  /** When it had all bytes, or twice as many; until then the use is free again after some idle time. */
  burnt_at: number | null
}

export type GrantRow = Selectable<GrantsTable>
export type GrantUseRow = Selectable<GrantUsesTable>
