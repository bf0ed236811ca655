import type { Connection } from '../../database/database.ts'
import { readRows } from '../../database/table-rows.ts'
import { encryptedSize } from '../encryption/file-cipher.ts'

/** A file, or a part of one, that some row says is in the store. */
export interface KeptFile {
  readonly object_key: string
  /** Of the plain bytes. */
  readonly size: number
  /** Of the plain bytes, lower-case hex; null where no digest is known yet: a part of an upload. */
  readonly sha256: string | null
  readonly encryption: string | null
}

const tables = [
  { name: 'stored_files', key: ['id'], digest: ['sha256'] },
  { name: 'work_files', key: ['job_number', 'attempt', 'name'], digest: ['sha256'] },
  { name: 'upload_parts', key: ['upload_id', 'start_offset'], digest: [] },
] as const

/** Every object that the store must hold, in pages: of files, of files of work under way, of uploads under way. */
export async function* listKeptFiles(db: Connection): AsyncGenerator<KeptFile[]> {
  for (const { name, key, digest } of tables) {
    const columns = [...key, 'object_key', 'size', 'encryption', ...digest]
    for await (const page of readRows(db, { name, columns, key })) {
      yield page.map((row) => ({ sha256: null, ...row }) as KeptFile)
    }
  }
}

/** How many files the rows speak of. */
export async function countKeptFiles(db: Connection): Promise<number> {
  let count = 0
  for (const { name: table } of tables) {
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
  for (const { name: table } of tables) {
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
