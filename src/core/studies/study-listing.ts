import { hotQuery } from '../../database/hot-query.ts'
import { readOrganization } from '../accounts/organizations.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import { may } from '../may.ts'
import type { Principal } from '../principal.ts'
import { mergeNewest } from './merge-newest.ts'
import { findStudy, findStudyDelivery } from './studies.ts'
import { type FoundStudyFile, findStudyFile } from './study-files.ts'
import { type StudyPath, studyPermission, visibleStudies } from './study-path.ts'

/** Rows that are read at once. */
const PAGE = 1000
/** Rows of the first page, small so that the first byte comes soon: a whole one takes 5 to 10 ms. */
const FIRST_PAGE = 50

/** A depth of the listing: the whole organization, a study, or one delivery. */
export interface ListedPath {
  organization: string
  study?: string | undefined
  delivery?: string | undefined
}

/** A file as it is listed. */
export interface ListedStudyFile {
  file_number: number
  /** In microseconds since the epoch. */
  modified_at: number
  name: string
  /** The last segment of its URL, before percent-encoding. */
  segment: string
  study_code: string
  study_name: string
  delivery_code: string
  delivery_name: string
}

export interface StudyListing {
  organization: { code: string; name: string }
  /** Pages of at most 1,000 files, newest first; what comes in meanwhile is in the next listing. */
  pages(): AsyncGenerator<ListedStudyFile[]>
}

/**
 * The files below a path that the caller may see.
 * @throws DeliveryError `not_found` for what is not there, is another organization's, or may not be seen
 */
export async function listStudyFiles(
  core: Core,
  principal: Principal,
  wanted: ListedPath,
): Promise<StudyListing> {
  const db = core.database.kysely
  const organization = await readOrganization(db, principal.organizationId)
  if (organization === null || organization.code !== wanted.organization.normalize('NFC')) {
    throw nothing()
  }
  const sources =
    wanted.study === undefined
      ? await allSources(core, principal, organization)
      : [await oneSource(core, principal, { ...wanted, study: wanted.study })]
  return {
    organization,
    pages() {
      const limit = Math.max(100, Math.floor(PAGE / Math.max(1, sources.length)))
      return mergeNewest(sources.map((source) => pagesOf(core, source, limit)))
    },
  }
}

interface Source {
  depth: keyof typeof queries
  of: string | number
}

async function allSources(
  core: Core,
  principal: Principal,
  organization: { id: string; code: string },
): Promise<Source[]> {
  const visible = visibleStudies(principal, organization.code)
  if (visible === 'all') return [{ depth: 'organization_id', of: organization.id }]
  if (visible.length === 0) throw nothing()
  const sources: Source[] = []
  for (const code of new Set(visible)) {
    const study = await findStudy(core.database.kysely, organization.id, code)
    if (study !== null) sources.push({ depth: 'study_number', of: study.number })
  }
  return sources
}

async function oneSource(
  core: Core,
  principal: Principal,
  { organization, study, delivery }: ListedPath & { study: string },
): Promise<Source> {
  demandStudy(principal, organization, study)
  const db = core.database.kysely
  const found = await findStudy(db, principal.organizationId, study.normalize('NFC'))
  if (found === null) throw nothing()
  if (delivery === undefined) return { depth: 'study_number', of: found.number }
  const inside = await findStudyDelivery(db, found.number, delivery.normalize('NFC'))
  if (inside === null) throw nothing()
  return { depth: 'delivery_number', of: inside.delivery_number }
}

/**
 * Asks for the study of the caller's own organization to be visible.
 * @throws DeliveryError `not_found`, whether it is there or not
 */
function demandStudy(principal: Principal, organization: string, study: string): void {
  const permission = studyPermission('study', organization.normalize('NFC'), study.normalize('NFC'))
  const thing = { organizationId: principal.organizationId, ownerId: null, permission }
  if (may(principal, 'pick-up', thing) !== 'yes') throw nothing()
}

/**
 * The file at a path, for whoever may see its study.
 * @throws DeliveryError `not_found` for what is not there, is another organization's, or may not be seen
 */
export async function readStudyFile(
  core: Core,
  principal: Principal,
  path: StudyPath & { segment: string },
): Promise<FoundStudyFile> {
  demandStudy(principal, path.organization, path.study)
  const found = await findStudyFile(core, principal.organizationId, {
    organization: path.organization.normalize('NFC'),
    study: path.study.normalize('NFC'),
    delivery: path.delivery.normalize('NFC'),
    // A file's name is kept as it was given, so its segment is as well.
    segment: path.segment,
  })
  if (found === null) throw nothing()
  return found
}

function nothing(): DeliveryError {
  return new DeliveryError('not_found', 'There is nothing here that you may see.')
}

async function* pagesOf(
  core: Core,
  { depth, of }: Source,
  limit: number,
): AsyncGenerator<ListedStudyFile[]> {
  let [time, number] = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]
  for (let count = FIRST_PAGE; ; count = limit) {
    const rows = await queries[depth](core.database, [of, time, number, count])
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows
    if (rows.length < count) return
    time = last.modified_at
    number = last.file_number
  }
}

const queries = {
  organization_id: pageQuery('organization_id'),
  study_number: pageQuery('study_number'),
  delivery_number: pageQuery('delivery_number'),
}

function pageQuery(depth: 'organization_id' | 'study_number' | 'delivery_number') {
  return hotQuery<ListedStudyFile>((db) =>
    db
      .selectFrom('study_files')
      .innerJoin(
        'study_deliveries',
        'study_deliveries.delivery_number',
        'study_files.delivery_number',
      )
      .innerJoin('studies', 'studies.number', 'study_files.study_number')
      .select([
        'study_files.file_number',
        'study_files.modified_at',
        'study_files.name',
        'study_files.segment',
        'studies.code as study_code',
        'studies.name as study_name',
        'study_deliveries.code as delivery_code',
        'study_deliveries.name as delivery_name',
      ])
      .where(`study_files.${depth}`, '=', 0)
      .where(({ eb, refTuple, tuple }) =>
        eb(refTuple('study_files.modified_at', 'study_files.file_number'), '<', tuple(0, 0)),
      )
      .orderBy('study_files.modified_at', 'desc')
      .orderBy('study_files.file_number', 'desc')
      .limit(0)
      .compile(),
  )
}
