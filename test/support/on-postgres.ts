import { globSync } from 'node:fs'
import { describe } from 'node:test'
import { pathToFileURL } from 'node:url'
import { sized } from './size.ts'
import { noPostgres } from './test-database.ts'

/**
 * Runs test files once more in this process, on PostgreSQL. They are named below `test/` and without
 * `.test.ts`.
 * @param some these at the small size
 * @param all patterns of those at the full size
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
  for (const file of files) await import(pathToFileURL(file).href)
}
