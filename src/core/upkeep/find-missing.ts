import type { Core } from '../core.ts'
import { eachAtOnce } from './at-once.ts'
import { type DamagedFile, problemOf } from './copy-files.ts'
import { isKept, listKeptFiles } from './kept-files.ts'

/** Questions to the store at the same time. */
const AT_ONCE = 16

/** Files whose object is not in the store, or has not the size that its row says. */
export async function* findMissing(
  { database, store }: Pick<Core, 'database' | 'store'>,
  signal?: AbortSignal,
): AsyncGenerator<DamagedFile> {
  for await (const page of listKeptFiles(database.kysely)) {
    const found: DamagedFile[] = []
    await eachAtOnce(page, AT_ONCE, async (file) => {
      signal?.throwIfAborted()
      const problem = problemOf(file, await store.stat(file.object_key))
      if (problem === null) return
      // Its row may have gone with it meanwhile.
      if (!(await isKept(database.kysely, file.object_key))) return
      found.push({ object_key: file.object_key, problem })
    })
    yield* found
  }
}
