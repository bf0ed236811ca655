import { addCopied, type CopiedFiles, copyFiles } from '../core/kept-files/copy-files.ts'
import { countKeptFiles, listKeptFiles } from '../core/kept-files/kept-files.ts'
import type { BytesKeeper } from '../core/stored-files.ts'
import type { Database } from '../database/database.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { Progress } from './progress.ts'

export interface CopyTarget extends BytesKeeper {
  /** Whose rows say what is to be there. */
  readonly database: Database
  /** Believes that what is there in the right size was checked before. */
  readonly trust: boolean
}

/** Copies every file that the rows of a database speak of, as `copyFiles` does. */
export async function copyKept(
  from: ObjectStore,
  { database, trust, ...to }: CopyTarget,
  { signal, report }: Progress,
): Promise<CopiedFiles> {
  const sum: CopiedFiles = { files: 0, bytes: 0, copied: 0, damaged: [] }
  const total = await countKeptFiles(database.kysely)
  let done = 0
  const onFile = () => report(trust ? 'copying new files' : 'copying files', ++done / total)
  for await (const page of listKeptFiles(database.kysely)) {
    addCopied(sum, await copyFiles(from, to, page, { signal, trust, onFile }))
  }
  return sum
}
