import { join } from 'node:path'
import { migrate } from '../../src/database/migrate.ts'
import { openSqlite } from '../../src/database/open-sqlite.ts'
import { databaseContract } from '../contracts/database.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

databaseContract('SQLite', async (t) => {
  const database = openSqlite(join(await temporaryFolder(t), 'claimcheck.sqlite'))
  await migrate(database)
  t.after(() => database.close())
  return [database]
})
