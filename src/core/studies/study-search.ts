import { readOrganization } from '../accounts/organizations.ts'
import type { Core } from '../core.ts'
import type { Principal } from '../principal.ts'
import { visibleStudies } from './study-path.ts'

/** A published file as a search finds it. */
export interface FoundFileOfStudy {
  number: number
  name: string
  segment: string
  study: string
  studyName: string
  delivery: string
  deliveryName: string
  size: number | null
  /** In microseconds since the epoch. */
  modifiedAt: number
}

/** The place behind which a page goes on. */
export interface StudySearchCursor {
  modifiedAt: number
  number: number
}

export interface StudySearch {
  study?: string
  delivery?: string
  /** Letters of the name, in any case; all of its words must be in it. */
  text?: string
  after: StudySearchCursor | null
  /** At most 1,000. */
  limit: number
}

/** So many rows are looked at before a page is given back as it is: a search must not hold up others. */
const MOST_ROWS = 10_000

/**
 * Published files that the caller may see, newest first. A page may be short, or empty, and yet have
 * a `next`: what was asked for is rare, and the search goes on there.
 */
export async function searchStudyFiles(
  core: Core,
  principal: Principal,
  search: StudySearch,
): Promise<{ files: FoundFileOfStudy[]; next: StudySearchCursor | null }> {
  const words = fold(search.text ?? '')
    .split(/\s+/)
    .filter((word) => word !== '')
  const files: FoundFileOfStudy[] = []
  let after = search.after
  const step = words.length === 0 ? search.limit : 1000
  for (let looked = 0; looked < MOST_ROWS; looked += step) {
    const rows = await page(core, principal, { ...search, after, limit: step })
    for (const row of rows) {
      after = { modifiedAt: row.modifiedAt, number: row.number }
      const name = fold(row.name)
      if (!words.every((word) => name.includes(word))) continue
      files.push(row)
      if (files.length === search.limit) return { files, next: after }
    }
    if (rows.length < step) return { files, next: null }
  }
  return { files, next: after }
}

async function page(
  core: Core,
  principal: Principal,
  { study, delivery, after, limit }: StudySearch,
): Promise<FoundFileOfStudy[]> {
  const db = core.database.kysely
  const organization = await readOrganization(db, principal.organizationId)
  const visible = organization === null ? [] : visibleStudies(principal, organization.code)
  if (visible.length === 0) return []
  let rows = db
    .selectFrom('study_files')
    .innerJoin('delivery_files', 'delivery_files.number', 'study_files.file_number')
    .innerJoin('studies', 'studies.number', 'study_files.study_number')
    .innerJoin(
      'study_deliveries',
      'study_deliveries.delivery_number',
      'study_files.delivery_number',
    )
    .select([
      'study_files.file_number as number',
      'study_files.name',
      'study_files.segment',
      'study_files.modified_at as modifiedAt',
      'studies.code as study',
      'studies.name as studyName',
      'study_deliveries.code as delivery',
      'study_deliveries.name as deliveryName',
      'delivery_files.size',
    ])
    .where('study_files.organization_id', '=', principal.organizationId)
    .orderBy('study_files.modified_at', 'desc')
    .orderBy('study_files.file_number', 'desc')
    .limit(Math.min(limit, 1000))
  if (visible !== 'all') rows = rows.where('studies.code', 'in', visible)
  if (study !== undefined) rows = rows.where('studies.code', '=', study.normalize('NFC'))
  if (delivery !== undefined) {
    rows = rows.where('study_deliveries.code', '=', delivery.normalize('NFC'))
  }
  if (after !== null) {
    rows = rows.where(({ eb, refTuple, tuple }) =>
      eb(
        refTuple('study_files.modified_at', 'study_files.file_number'),
        '<',
        tuple(after.modifiedAt, after.number),
      ),
    )
  }
  return await rows.execute()
}

/** Without case and accents. */
function fold(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()
}
