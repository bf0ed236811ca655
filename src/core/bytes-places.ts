import { hotQuery } from '../database/hot-query.ts'
import type { Core } from './core.ts'

/** At most so many at a time. */
const MANY_BYTES = 128

/** Where the bytes behind a delivery's file are. */
export interface BytesPlace {
  /** Of the delivery file. */
  readonly number: number
  /** Of the stored file. */
  readonly id: string
  readonly object_key: string
  readonly size: number
  readonly encryption: string | null
}

/**
 * Where the bytes behind some delivery files are, by their numbers, at most 128: those that have none
 * are not among them.
 */
export async function findManyBytes(
  core: Core,
  fileNumbers: readonly number[],
): Promise<Map<number, BytesPlace>> {
  const [first] = fileNumbers
  if (first === undefined) return new Map()
  const parameters = [...fileNumbers, ...Array(MANY_BYTES - fileNumbers.length).fill(first)]
  const rows = await manyBytes(core.database, parameters)
  return new Map(rows.map((row) => [row.number, row]))
}

const manyBytes = hotQuery((db) =>
  db
    .selectFrom('delivery_files')
    .innerJoin('stored_files', 'stored_files.id', 'delivery_files.stored_file_id')
    .select([
      'delivery_files.number',
      'stored_files.id',
      'stored_files.object_key',
      'stored_files.size',
      'stored_files.encryption',
    ])
    .where('delivery_files.number', 'in', Array<number>(MANY_BYTES).fill(0))
    .compile(),
)
