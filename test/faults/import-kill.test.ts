import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { readSettings } from '../../src/config.ts'
import { findPrincipal } from '../../src/core/accounts/accounts.ts'
import { openInstallation } from '../../src/open-installation.ts'
import { importFile, readResult, untilOver, upload } from '../support/import-client.ts'
import { newKey } from '../support/keys.ts'
import { listRoster } from '../support/roster.ts'
import { startServerProcess } from '../support/server-process.ts'
import { sized } from '../support/size.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { createTestAccount } from '../support/test-server.ts'

const ROWS = sized(2000, 30_000)
/** How many moments of an import's life are hit. */
const KILLS = sized(2, 24)

describe('a server that is killed while it imports', () => {
  it('has the old roster or the new one, and imports the file once more', async (t) => {
    const whole = await runOnce(t, null)
    for (let index = 0; index < KILLS; index++) {
      await runOnce(t, (whole * (index + 0.5)) / KILLS)
    }
  })
})

/** Imports a second version over a first one, kills the server meanwhile, and looks at what is there. */
async function runOnce(t: TestContext, killAfter: number | null): Promise<number> {
  const folder = await temporaryFolder(t)
  const environment = {
    CLAIMCHECK_DATA: join(folder, 'data'),
    CLAIMCHECK_SIGNING_KEYS: newKey('test'),
    CLAIMCHECK_MASTER_KEYS: newKey('test'),
    CLAIMCHECK_LEASE_SECONDS: '1',
    CLAIMCHECK_JOB_RETRY_SECONDS: '0',
  }
  const settings = readSettings(environment)
  const first = await openInstallation(settings)
  const { id, headers } = await createTestAccount(first.core, 'ada', { permissions: ['rostering'] })
  await first.close()

  let server = await startServerProcess(t, folder, environment)
  await importFile({ url: server.url, headers }, rosterOf('old'))
  const started = performance.now()
  const accepted = await upload({ url: server.url, headers }, rosterOf('new'))
  const { referenceId } = (await accepted.json()) as { referenceId: string }
  if (killAfter !== null) {
    await wait(killAfter)
    await server.stop('SIGKILL')
    const words = await wordsInForce(settings, id)
    assert.equal(words.size, 1, 'half of one roster and half of the other')
    server = await startServerProcess(t, folder, environment)
  }
  const importer = { url: server.url, headers }
  const over = await untilOver(importer, referenceId)
  const took = performance.now() - started
  assert.equal(over.status, 'completed')
  assert.equal(over.rows.updated, ROWS)
  const result = await readResult(importer, referenceId)
  assert.equal(result.trimEnd().split('\r\n').length, ROWS + 1)
  assert.equal(await server.stop('SIGTERM'), 0)
  assert.deepEqual(await wordsInForce(settings, id), new Set(['new']))
  return took
}

function rosterOf(word: string): string {
  const rows = Array.from({ length: ROWS }, (_, index) => `Group ${index},${word}`)
  return `group_name,group_description\n${rows.join('\n')}\n`
}

/** The descriptions of all groups that the roster shows. */
async function wordsInForce(
  settings: ReturnType<typeof readSettings>,
  accountId: string,
): Promise<Set<unknown>> {
  const { core, close } = await openInstallation(settings)
  const principal = await findPrincipal(core, accountId)
  assert.ok(principal !== null)
  const words = new Set<unknown>()
  let count = 0
  for (let after = ''; ; ) {
    const page = await listRoster(core, principal, {
      noun: 'groups',
      after,
      limit: 1000,
    })
    for (const { fields } of page) words.add(fields.description)
    count += page.length
    const last = page.at(-1)
    if (last === undefined) break
    after = last.key
  }
  assert.equal(count, ROWS)
  await close()
  return words
}
