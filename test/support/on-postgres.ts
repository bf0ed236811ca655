import { globSync } from 'node:fs'
import { describe } from 'node:test'
import { pathToFileURL } from 'node:url'
import { full } from './size.ts'
import { noPostgres } from './test-database.ts'

/**
 * Runs test files once more in this process, on PostgreSQL.
 * @param files at the small size these, below `test/`
 * @param folders at the full size all of these; those of `except` know one engine only
 */
export async function onPostgres(
  files: readonly string[],
  { folders, except = [] }: { folders: readonly string[]; except?: readonly string[] },
): Promise<void> {
  if (noPostgres !== false) {
    describe('on PostgreSQL', { skip: noPostgres }, () => {})
    return
  }
  // Read when a test opens its database, by `test-database.ts`.
  process.env.CLAIMCHECK_TEST_DATABASE = 'postgres'
  const all = () =>
    globSync(folders.map((folder) => `test/${folder}/*.test.ts`))
      .map((path) => path.replace(/^test\//, ''))
      .filter((path) => !except.includes(path))
  for (const file of full ? all() : files) await import(pathToFileURL(`test/${file}`).href)
}
