import type { Connection } from '../../database/database.ts'
import { encryptedSize } from '../encryption/file-cipher.ts'

/** A file that some row says is in the store. */
export interface KeptFile {
  readonly object_key: string
  /** Of the plain bytes. */
  readonly size: number
  /** Of the plain bytes, lower-case hex. */
  readonly sha256: string
  readonly encryption: string | null
}

const columns = ['object_key', 'size', 'sha256', 'encryption'] as const
/** Rows of one page. */
const BATCH = 500

/** Every file that the store must hold, in pages: those with a row of their own, then those of work under way. */
export async function* listKeptFiles(db: Connection): AsyncGenerator<KeptFile[]> {
  let last = ''
  for (;;) {
    const page = await db
      .selectFrom('stored_files')
      .select(['id', ...columns])
      .where('id', '>', last)
      .orderBy('id')
      .limit(BATCH)
      .execute()
    if (page.length > 0) yield page
    if (page.length < BATCH) break
    last = page.at(-1)?.id ?? ''
  }
  yield* listWorkFiles(db)
}

async function* listWorkFiles(db: Connection): AsyncGenerator<KeptFile[]> {
  let last = { job_number: 0, attempt: 0, name: '' }
  for (;;) {
    const after = last
    const page = await db
      .selectFrom('work_files')
      .select(['job_number', 'attempt', 'name', ...columns])
      .where(({ eb, refTuple, tuple }) =>
        eb(
          refTuple('job_number', 'attempt', 'name'),
          '>',
          tuple(after.job_number, after.attempt, after.name),
        ),
      )
      .orderBy('job_number')
      .orderBy('attempt')
      .orderBy('name')
      .limit(BATCH)
      .execute()
    if (page.length > 0) yield page
    if (page.length < BATCH) return
    last = page.at(-1) ?? last
  }
}

/** How many files the rows speak of. */
export async function countKeptFiles(db: Connection): Promise<number> {
  let count = 0
  for (const table of ['stored_files', 'work_files'] as const) {
    const row = await db
      .selectFrom(table)
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    count += Number(row.count)
  }
  return count
}

/** Does a row still say that there is such an object? */
export async function isKept(db: Connection, objectKey: string): Promise<boolean> {
  for (const table of ['stored_files', 'work_files'] as const) {
    const row = await db
      .selectFrom(table)
      .select('object_key')
      .where('object_key', '=', objectKey)
      .executeTakeFirst()
    if (row !== undefined) return true
  }
  return false
}

/** How many bytes its object has. */
export function objectSize({ size, encryption }: KeptFile): number {
  return encryption === null ? size : encryptedSize(size)
}
