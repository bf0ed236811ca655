/** One day of an organization, in UTC. */
export interface UsageDaysTable {
  organization_id: string
  /** `2026-11-22` */
  day: string
  /** Of files, as they went out to whomever. */
  sent_bytes: number
  /** Files whose last byte went out. */
  pickups: number
  /** What could be picked up when it was counted last; null on a day on which it was not. */
  stored_bytes: number | null
  stored_files: number | null
  counted_at: number | null
}
