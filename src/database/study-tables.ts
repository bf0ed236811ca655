import type { Generated, Selectable } from 'kysely'

/** A study of an organization: the second segment of a studies path. */
export interface StudiesTable {
  number: Generated<number>
  organization_id: string
  code: string
  name: string
  created_at: number
}

/** What a study's delivery knows beside its row in `deliveries`: the third segment of a path. */
export interface StudyDeliveriesTable {
  delivery_number: number
  organization_id: string
  study_number: number
  code: string
  name: string
  /** Files that are listed. */
  files: number
  /** When something was published or withdrawn last. */
  changed_at: number
}

/** A file that is listed. One that was replaced or withdrawn has no row here any more. */
export interface StudyFilesTable {
  file_number: number
  organization_id: string
  study_number: number
  delivery_number: number
  /** The last segment of its URL, before percent-encoding; unique in its delivery. */
  segment: string
  /** As the customer sees it. */
  name: string
  /** In microseconds since the epoch. */
  modified_at: number
}

/** What the watched folder has published already. */
export interface WatchedFilesTable {
  /** `ORG/STUDY/DELIVERY` below the watched folder. */
  folder: string
  name: string
  /** Size, time of change and inode: a file that still has them is not read again. */
  fingerprint: string
  /** What it was published as; null when it was refused for good. */
  file_number: number | null
  published_at: number
}

export type StudyRow = Selectable<StudiesTable>
export type StudyDeliveryRow = Selectable<StudyDeliveriesTable>
export type StudyFileRow = Selectable<StudyFilesTable>
export type WatchedFileRow = Selectable<WatchedFilesTable>
