import type { TestContext } from 'node:test'
import { openPostgres } from '../../src/database/open-postgres.ts'
import { databaseContract } from '../contracts/database.ts'
import { createPostgresDatabase, noPostgres, testLimits } from '../support/test-database.ts'

async function openNodes(t: TestContext) {
  const url = await createPostgresDatabase()
  const nodes = [await openPostgres(url, testLimits), await openPostgres(url, testLimits)] as const
  t.after(() => Promise.all(nodes.map((node) => node.close())))
  return nodes
}

databaseContract('PostgreSQL', openNodes, { skip: noPostgres })
