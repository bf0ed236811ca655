import type { Connection } from '../../database/database.ts'
import { hotQuery, unseen } from '../../database/hot-query.ts'
import type { StudyDeliveryRow, StudyFileRow } from '../../database/study-tables.ts'
import type { Core } from '../core.ts'
import { expireDeliveryFiles, insertDeliveryFiles } from '../delivery-files.ts'
import type { StoredFileFacts } from '../stored-files.ts'
import type { Change } from '../transact.ts'
import { countStudyFiles } from './studies.ts'
import type { StudyPath } from './study-path.ts'

/** A file that is listed, and what its bytes are. */
export type ListedFile = Pick<StudyFileRow, 'file_number' | 'name' | 'segment'> & {
  stored_file_id: string | null
  sha256: string | null
}

/** The files of a delivery that have one of these names or stand at one of these segments. */
export async function findListedFiles(
  db: Connection,
  deliveryNumber: number,
  names: readonly string[],
): Promise<ListedFile[]> {
  // Two look-ups: for an "or" over both, SQLite reads the whole delivery.
  const bySegment = await listedBy(db, 'segment', { deliveryNumber, names })
  const byName = await listedBy(db, 'name', { deliveryNumber, names })
  const rows = [...bySegment, ...byName]
  return [...new Map(rows.map((row) => [row.file_number, row])).values()]
}

async function listedBy(
  db: Connection,
  column: 'segment' | 'name',
  { deliveryNumber, names }: { deliveryNumber: number; names: readonly string[] },
): Promise<ListedFile[]> {
  return await db
    .selectFrom('study_files')
    .innerJoin('delivery_files', 'delivery_files.number', 'study_files.file_number')
    .leftJoin('stored_files', 'stored_files.id', 'delivery_files.stored_file_id')
    .select([
      'study_files.file_number',
      'study_files.name',
      'study_files.segment',
      'delivery_files.stored_file_id',
      'stored_files.sha256',
    ])
    .where('study_files.delivery_number', '=', deliveryNumber)
    .where(`study_files.${column}`, 'in', names)
    .execute()
}

/** A file to list. */
export interface NewStudyFile {
  name: string
  segment: string
  mediaType: string
  stored: { id: string; size: number }
}

/** Lists files, at most 1,000 at a time, and returns their numbers in the same order. */
export async function insertStudyFiles(
  change: Change,
  delivery: StudyDeliveryRow,
  files: readonly NewStudyFile[],
): Promise<number[]> {
  if (files.length === 0) return []
  const numbers = await insertDeliveryFiles(
    change,
    files.map(({ name, mediaType, stored }) => ({
      deliveryNumber: delivery.delivery_number,
      name,
      mediaType,
      state: 'available',
      storedFileId: stored.id,
      size: stored.size,
    })),
  )
  await change.db
    .insertInto('study_files')
    .values(
      files.map(({ name, segment }, index) => ({
        file_number: numbers[index] ?? 0,
        organization_id: delivery.organization_id,
        study_number: delivery.study_number,
        delivery_number: delivery.delivery_number,
        segment,
        name,
        // The clock counts milliseconds; what came in one of them keeps its order by the rest.
        modified_at: change.now * 1000 + index,
      })),
    )
    .execute()
  await countStudyFiles(change, delivery.delivery_number, files.length)
  return numbers
}

/** Takes files out of the listing and lets their bytes go; at most 1,000 at a time. Returns those that were listed. */
export async function removeStudyFiles(
  change: Change,
  numbers: readonly number[],
): Promise<StudyFileRow[]> {
  if (numbers.length === 0) return []
  const removed = await change.db
    .deleteFrom('study_files')
    .where('file_number', 'in', numbers)
    .returningAll()
    .execute()
  await expireDeliveryFiles(
    change,
    removed.map((row) => row.file_number),
  )
  for (const [number, rows] of Map.groupBy(removed, (row) => row.delivery_number)) {
    await countStudyFiles(change, number, -rows.length)
  }
  return removed
}

/** Numbers of files that a delivery lists, at most `limit`. */
export async function someStudyFiles(
  db: Connection,
  deliveryNumber: number,
  limit: number,
): Promise<number[]> {
  const rows = await db
    .selectFrom('study_files')
    .select('file_number')
    .where('delivery_number', '=', deliveryNumber)
    .limit(limit)
    .execute()
  return rows.map((row) => row.file_number)
}

/** What is sent to whoever asks for a file by its URL. */
export interface FoundStudyFile {
  fileNumber: number
  name: string
  /** In microseconds since the epoch. */
  modifiedAt: number
  bytes: StoredFileFacts
}

/** The file at a path, in one look-up; null when there is none. */
export async function findStudyFile(
  core: Core,
  organizationId: string,
  { organization, study, delivery, segment }: StudyPath & { segment: string },
): Promise<FoundStudyFile | null> {
  const [row] = await byPath(core.database, [
    organizationId,
    organization,
    study,
    delivery,
    segment,
  ])
  if (row === undefined) return null
  const { file_number, name, modified_at, ...bytes } = row
  return { fileNumber: file_number, name, modifiedAt: modified_at, bytes }
}

const byPath = hotQuery((db) =>
  db
    .selectFrom('organizations')
    .innerJoin('studies', 'studies.organization_id', 'organizations.id')
    .innerJoin('study_deliveries', 'study_deliveries.study_number', 'studies.number')
    .innerJoin('study_files', 'study_files.delivery_number', 'study_deliveries.delivery_number')
    .innerJoin('delivery_files', 'delivery_files.number', 'study_files.file_number')
    .innerJoin('stored_files', 'stored_files.id', 'delivery_files.stored_file_id')
    .select([
      'study_files.file_number',
      'study_files.name',
      'study_files.modified_at',
      'stored_files.object_key',
      'stored_files.size',
      'stored_files.md5',
      'stored_files.sha256',
      'stored_files.crc32',
      'stored_files.encryption',
      'stored_files.created_at',
      'delivery_files.media_type',
    ])
    // Seen, the values cost 40 µs of the 46 that this took.
    .where('organizations.id', '=', unseen(''))
    .where('organizations.code', '=', unseen(''))
    .where('studies.code', '=', unseen(''))
    .where('study_deliveries.code', '=', unseen(''))
    .where('study_files.segment', '=', unseen(''))
    .compile(),
)
