import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { defineConfig, module } from '../../src/define-config.ts'
import { createTestAccount, startTestServer } from '../support/test-server.ts'
import { until } from '../support/until.ts'

const secret = randomBytes(24).toString('hex')
const text = `${secret} `.repeat(20_000)

const config = defineConfig({
  downloadTypes: {
    report: {
      producer: module({ produce: async ({ file }) => void file('r.txt', 'text/plain').end(text) }),
    },
  },
})

describe('CLAIMCHECK_ENCRYPT=all', () => {
  it('keeps downloads encrypted and delivers them plain, whole and in part', async (t) => {
    const server = await startTestServer(t, { config, environment: { CLAIMCHECK_ENCRYPT: 'all' } })
    const { headers } = await createTestAccount(server.core, 'ada', { permissions: ['download:*'] })
    const created = await fetch(`${server.url}/api/downloads`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ download: { download_type: 'report' } }),
    })
    const { download } = (await created.json()) as { download: { id: string } }
    const get = (more = {}) =>
      fetch(`${server.url}/api/downloads/${download.id}/file`, { headers: { ...headers, ...more } })
    await until('it is done', async () => (await get()).status === 200)
    assert.equal(await (await get()).text(), text)
    const part = await get({ range: 'bytes=70000-140000' })
    assert.equal(part.status, 206)
    assert.equal(await part.text(), text.slice(70_000, 140_001))
    const data = join(server.folder, 'data')
    for (const entry of readdirSync(data, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      assert.equal(readFileSync(path).includes(secret), false, path)
    }
  })

  it('needs a master key', async (t) => {
    const environment = { CLAIMCHECK_ENCRYPT: 'all', CLAIMCHECK_MASTER_KEYS: '' }
    await assert.rejects(startTestServer(t, { environment }), /needs a master key/)
  })
})
