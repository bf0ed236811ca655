import type { Generated, Selectable } from 'kysely'

export interface PortOrderGroupsTable {
  /** The number that the API shows: unique over the installation, never reused. */
  number: Generated<number>
  organization_id: string
  owner_id: string
  created_at: number
}

export type PortOrderStatus =
  | 'pending'
  | 'processing'
  | 'submitted'
  | 'accepted'
  | 'rejected'
  | 'review'
  | 'completed'
  | 'canceled'
  | 'abandoned'
  | 'hard_canceled'

export interface PortOrdersTable {
  /** The delivery that holds its documents. */
  delivery_number: number
  group_number: number
  organization_id: string
  owner_id: string
  status: PortOrderStatus
  /** When it left its first status; null before. */
  status_updated_at: number | null
  alias: string | null
  /** Where status changes are told to; null for nowhere. */
  status_url: string | null
  /** The day on which the numbers move, `2018-07-12`. */
  completion_date: string | null
  completed_at: number | null
  /** JSON object: what else the customer said of it. */
  details: string
  /** JSON object: the signed letter of agency; null before it is signed. */
  loa: string | null
  created_at: number
  modified_at: number
}

export interface PortOrderNumbersTable {
  delivery_number: number
  /** In E.164 form. */
  phone_number: string
}

export type PortOrderFileStatus = 'pending' | 'processing' | 'complete' | 'error'

/** What is known of a port order's document beside its place in the delivery. */
export interface PortOrderFilesTable {
  file_number: number
  delivery_number: number
  /** As the customer gave it: a path or a URL. */
  given_name: string
  /** Where it is pulled from; null when the customer uploads it. */
  original_url: string | null
  status: PortOrderFileStatus
  message: string | null
}

export type PortOrderRow = Selectable<PortOrdersTable>
export type PortOrderFileRow = Selectable<PortOrderFilesTable>
