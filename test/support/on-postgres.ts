import { globSync } from 'node:fs'
import { describe } from 'node:test'
import { pathToFileURL } from 'node:url'
import { goOnSmall, sized } from './size.ts'
import { noPostgres } from './test-database.ts'

/**
 * Runs test files once more in this process, on PostgreSQL, at the small size. They are named below `test/` and without
 * `.test.ts`.
 * @param some those that `npm test` runs so
 * @param all patterns of those that `npm run test:full` runs so
 */
export async function onPostgres(some: readonly string[], all: readonly string[]): Promise<void> {
  if (noPostgres !== false) {
    describe('on PostgreSQL', { skip: noPostgres }, () => {})
    return
  }
  // Read when a test opens its database, by `test-database.ts`.
  process.env.CLAIMCHECK_TEST_DATABASE = 'postgres'
  const files = globSync(sized(some, all).map((name) => `test/${name}.test.ts`)).sort()
  if (files.length < some.length) throw new Error(`There is a test missing: ${files.join(' ')}`)
  // The large sizes take most of an hour; they are shown once, on SQLite.
  goOnSmall()
  for (const file of files) await import(pathToFileURL(file).href)
}
