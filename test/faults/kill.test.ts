import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { readSettings } from '../../src/config.ts'
import { sweep } from '../../src/core/sweep.ts'
import { openInstallation } from '../../src/open-installation.ts'
import { fileNames, slowFileDigest } from '../fixtures/slow-files.ts'
import { newKey } from '../support/keys.ts'
import { startServerProcess } from '../support/server-process.ts'
import { sized } from '../support/size.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { createTestAccount } from '../support/test-server.ts'

/** How many moments of a download's life are hit. */
const KILLS = sized(8, 60)
/** Kills that run beside each other. */
const ABREAST = 4

describe('a server that is killed', () => {
  it('ends the download once with right bytes, and leaves no orphan after the sweep', async (t) => {
    const whole = await runOnce(t, null)
    const moments = Array.from({ length: KILLS }, (_, index) => (whole * (index + 0.5)) / KILLS)
    const lanes = Array.from({ length: ABREAST }, async (_, lane) => {
      for (let index = lane; index < moments.length; index += ABREAST) {
        await runOnce(t, moments[index] ?? 0)
      }
    })
    await Promise.all(lanes)
  })
})

/**
 * Asks for a download, kills the server `killAfter` ms later (null: not at all), starts it again,
 * waits for the end and checks everything. Returns how long the download took, in ms.
 */
async function runOnce(t: TestContext, killAfter: number | null): Promise<number> {
  const folder = await temporaryFolder(t)
  const environment = {
    CLAIMCHECK_DATA: join(folder, 'data'),
    CLAIMCHECK_CONFIG: fileURLToPath(new URL('../fixtures/slow-files.config.ts', import.meta.url)),
    CLAIMCHECK_SIGNING_KEYS: newKey('test'),
    CLAIMCHECK_MASTER_KEYS: newKey('test'),
    CLAIMCHECK_LEASE_SECONDS: '1',
    CLAIMCHECK_JOB_RETRY_SECONDS: '0',
    CLAIMCHECK_ORPHAN_GRACE_SECONDS: '0',
  }
  const settings = readSettings(environment)
  const first = await openInstallation(settings)
  const { headers } = await createTestAccount(first.core, 'ada', { permissions: ['download:*'] })
  await first.close()

  let server = await startServerProcess(t, folder, environment)
  const started = performance.now()
  const created = await fetch(`${server.url}/api/downloads`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: '{"download":{"download_type":"slow"}}',
  })
  assert.equal(created.status, 201)
  const { id } = ((await created.json()) as Answer).download
  if (killAfter !== null) {
    await wait(killAfter)
    await server.stop('SIGKILL')
    server = await startServerProcess(t, folder, environment)
  }
  await untilDone(`${server.url}/api/downloads/${id}`, headers)
  const took = performance.now() - started
  await checkFiles(server.url, id, headers)
  assert.equal(await server.stop('SIGTERM'), 0)

  const last = await openInstallation(settings)
  t.after(() => last.close())
  await sweep(last.core, { orphans: true })
  const rows = await last.core.database.kysely
    .selectFrom('stored_files')
    .select('object_key')
    .execute()
  assert.equal(rows.length, fileNames.length)
  assert.deepEqual(await objectsOn(join(folder, 'data', 'objects')), keysOf(rows))
  return took
}

interface Answer {
  download: { id: string; state: string }
}

async function untilDone(url: string, headers: Record<string, string>): Promise<void> {
  for (;;) {
    const { download } = (await (await fetch(url, { headers })).json()) as Answer
    if (download.state === 'done') return
    assert.notEqual(download.state, 'failed')
    await wait(20)
  }
}

async function checkFiles(url: string, id: string, headers: Record<string, string>): Promise<void> {
  const listing = await fetch(`${url}/v1/deliveries/${id}/files`, { headers })
  const { items } = (await listing.json()) as { items: { number: number; name: string }[] }
  assert.deepEqual(
    items.map((file) => file.name),
    fileNames,
  )
  for (const { number, name } of items) {
    const file = await fetch(`${url}/v1/files/${number}/content`, { headers })
    const bytes = Buffer.from(await file.arrayBuffer())
    assert.equal(createHash('sha256').update(bytes).digest('hex'), slowFileDigest(name))
  }
}

async function objectsOn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
}

function keysOf(rows: readonly { object_key: string }[]): string[] {
  return rows.map((row) => `objects/${row.object_key}`).sort()
}
