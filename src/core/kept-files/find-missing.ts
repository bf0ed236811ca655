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
    const problems = new Map<string, string>()
    await eachAtOnce(page, AT_ONCE, async (file) => {
      signal?.throwIfAborted()
      const problem = problemOf(file, await store.stat(file.object_key))
      if (problem === null) return
      // Its row may have gone with it meanwhile.
      if (!(await isKept(database.kysely, file.object_key))) return
      problems.set(file.object_key, problem)
    })
    for (const { object_key: key } of page) {
      const problem = problems.get(key)
      if (problem !== undefined) yield { object_key: key, problem }
    }
  }
}
