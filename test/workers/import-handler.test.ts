import assert from 'node:assert/strict'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { describe, it, type TestContext } from 'node:test'
import { findPrincipal } from '../../src/core/accounts/accounts.ts'
import { cancelDelivery } from '../../src/core/downloads.ts'
import { compactRosters } from '../../src/core/imports/roster.ts'
import { sweep } from '../../src/core/sweep.ts'
import { type ImportStatus, importFile, untilOver, upload } from '../support/import-client.ts'
import { listRoster } from '../support/roster.ts'
import { full, sized } from '../support/size.ts'
import { createTestAccount, startTestServer } from '../support/test-server.ts'

describe('the import of large rosters', () => {
  it('takes 100,000 rows, tells its progress, and holds no more memory for it', async (t) => {
    const { importer, core } = await setUp(t)
    const count = sized(5000, 100_000)
    const lines = Array.from(
      { length: count },
      (_, index) => `user${index},User ${index},Password${index}!,u${index}@example.org`,
    )
    const body = `user_username,user_name,user_password,user_email\n${lines.join('\n')}`
    const before = process.memoryUsage().rss
    const delay = monitorEventLoopDelay({ resolution: 5 })
    delay.enable()
    const accepted = await upload(importer, body)
    const { referenceId } = (await accepted.json()) as { referenceId: string }
    const seen = new Set<number>()
    let peak = 0
    for (;;) {
      const response = await fetch(`${importer.url}/api/v1/status/${referenceId}`, {
        headers: importer.headers,
      })
      const status = (await response.json()) as ImportStatus
      seen.add(status.progress)
      peak = Math.max(peak, process.memoryUsage().rss)
      if (status.status === 'completed') break
      assert.notEqual(status.status, 'failed', status.message ?? '')
    }
    delay.disable()
    const over = await untilOver(importer, referenceId)
    assert.deepEqual(over.rows, { created: count, updated: 0, unchanged: 0, failed: 0 })
    assert.ok(full ? seen.size > 10 : seen.size >= 2, `${seen.size} steps of progress`)
    t.diagnostic(
      `event loop: median ${delay.percentile(50) / 1e6} ms, 99 % ${delay.percentile(99) / 1e6} ms`,
    )
    assert.ok(peak - before < 400e6, `${(peak - before) / 1e6} MB more`)
    const { rows } = await core.database.kysely
      .selectFrom('roster_users')
      .select((eb) => eb.fn.countAll<number>().as('rows'))
      .executeTakeFirstOrThrow()
    assert.equal(Number(rows), count)
  })

  it('applies the files of an organization one after another, as they came', async (t) => {
    const { importer, core, ada } = await setUp(t)
    const references: string[] = []
    for (let index = 0; index < 6; index++) {
      const response = await upload(
        importer,
        `group_name,group_description\nA,${index}\nB${index},\n`,
      )
      references.push(((await response.json()) as { referenceId: string }).referenceId)
    }
    const overs = await Promise.all(references.map((one) => untilOver(importer, one)))
    assert.deepEqual(
      overs.map(({ rows }) => [rows.created, rows.updated]),
      [[2, 0], ...Array.from({ length: 5 }, () => [1, 1])],
    )
    const principal = await findPrincipal(core, ada.id)
    assert.ok(principal !== null)
    const groups = await listRoster(core, principal, { noun: 'groups', limit: 100 })
    assert.deepEqual(
      groups.map(({ key, fields }) => [key, fields.description]),
      [['A', '5'], ...Array.from({ length: 6 }, (_, index) => [`B${index}`, undefined])],
    )
    await compactRosters(core)
    const rows = await core.database.kysely.selectFrom('roster_groups').select('key').execute()
    assert.equal(rows.length, 7)
    assert.deepEqual(await listRoster(core, principal, { noun: 'groups', limit: 100 }), groups)
  })

  it('shows nothing of an import that was cancelled while it ran', async (t) => {
    const { importer, core, ada } = await setUp(t)
    await importFile(importer, 'group_name,group_description\nG0,old\n')
    const lines = Array.from({ length: 30_000 }, (_, index) => `G${index},new`)
    const response = await upload(importer, `group_name,group_description\n${lines.join('\n')}`)
    const { referenceId } = (await response.json()) as { referenceId: string }
    const principal = await findPrincipal(core, ada.id)
    assert.ok(principal !== null)
    const staged = async () =>
      (await core.database.kysely.selectFrom('roster_groups').select('key').limit(2).execute())
        .length
    while ((await staged()) < 2) await fetch(`${importer.url}/healthz`)
    await cancelDelivery(core, principal, referenceId)
    assert.equal((await untilOver(importer, referenceId)).status, 'canceled')
    const inForce = () => listRoster(core, principal, { noun: 'groups', limit: 100 })
    assert.deepEqual(
      (await inForce()).map(({ fields }) => fields.description),
      ['old'],
    )
    // What it had written goes with the next sweep, which leaves alone what is in force.
    await sweep(core, { orphans: false })
    assert.equal(await staged(), 1)
    await importFile(importer, 'group_name,group_description\nH,later\n')
    assert.deepEqual(
      (await inForce()).map(({ key }) => key),
      ['G0', 'H'],
    )
  })

  it('stops when the right was lost since the upload', async (t) => {
    const { importer, core, ada } = await setUp(t, { CLAIMCHECK_JOB_CONCURRENCY: '1' })
    const { setPermissions } = await import('../../src/core/accounts/accounts.ts')
    const lines = Array.from({ length: 3000 }, (_, index) => `G${index}`)
    await upload(importer, `group_name\n${lines.join('\n')}`)
    const second = await upload(importer, 'group_name\nlate\n')
    const { referenceId } = (await second.json()) as { referenceId: string }
    await setPermissions(core, 'system', { accountId: ada.id, permissions: [] })
    for (;;) {
      const row = await core.database.kysely
        .selectFrom('deliveries')
        .select('state')
        .where('id', '=', referenceId)
        .executeTakeFirstOrThrow()
      if (row.state === 'failed') break
      assert.notEqual(row.state, 'done')
      await fetch(`${importer.url}/healthz`)
    }
    await setPermissions(core, 'system', { accountId: ada.id, permissions: ['rostering'] })
    const { readResult } = await import('../support/import-client.ts')
    assert.match(await readResult(importer, referenceId), /may no longer|not permitted/)
  })
})

async function setUp(t: TestContext, environment: Record<string, string> = {}) {
  const server = await startTestServer(t, {
    environment: { CLAIMCHECK_IMPORT_PASSWORD_MEMORY: '1024', ...environment },
  })
  const ada = await createTestAccount(server.core, 'ada', { permissions: ['rostering'] })
  return { core: server.core, ada, importer: { url: server.url, headers: ada.headers } }
}
