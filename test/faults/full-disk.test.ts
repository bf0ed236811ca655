import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { readSettings } from '../../src/config.ts'
import { openInstallation } from '../../src/open-installation.ts'
import { patternBytes, sha256 } from '../support/bytes.ts'
import { newKey } from '../support/keys.ts'
import { startServerProcess } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { createTestAccount } from '../support/test-server.ts'

const megabyte = 1024 * 1024
const tus = { 'tus-resumable': '1.0.0' }

describe('a server whose storage is full', () => {
  it('answers 507 by every door, keeps nothing of the file, and goes on', async (t) => {
    const folder = await temporaryFolder(t)
    const objects = join(folder, 'objects')
    await mkdir(objects)
    const script = `mount -t tmpfs -o size=4m none ${objects} && exec "$0" "$@"`
    const through = ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', script]
    if (spawnSync('unshare', [...through.slice(1), 'true']).status !== 0) {
      t.skip('a small file system of one own needs user namespaces')
      return
    }
    const environment = {
      CLAIMCHECK_DATA: join(folder, 'data'),
      CLAIMCHECK_STORAGE_URL: `file:${objects}`,
      CLAIMCHECK_SIGNING_KEYS: newKey('test'),
      CLAIMCHECK_MASTER_KEYS: newKey('test'),
    }
    const seed = await openInstallation(readSettings(environment))
    const permissions = ['publish', 'study:acme', 'rostering']
    const { headers } = await createTestAccount(seed.core, 'paula', { permissions })
    await seed.close()
    const server = await startServerProcess(t, folder, environment, through)
    const small = patternBytes(megabyte)
    const large = new Uint8Array(patternBytes(8 * megabyte))
    const files = `${server.url}/v1/studies/acme/S/D/files`
    const put = (url: string, body: Uint8Array, more: Record<string, string> = headers) =>
      fetch(url, { method: 'PUT', headers: more, body: new Uint8Array(body) })
    assert.equal((await put(`${files}/small`, small)).status, 201)

    const refused = await put(`${files}/large`, large)
    assert.equal(refused.status, 507)
    const refusal = await refused.text()
    assert.match(refusal, /"code":"storage_full"/)
    assert.ok(!refusal.includes(objects), refusal)

    const linked = await fetch(`${server.url}/v1/studies/acme/S/D/upload-links`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{"name":"linked"}',
    })
    const { url } = (await linked.json()) as { url: string }
    const byLink = await put(url, large, {})
    assert.equal(byLink.status, 507)
    const document = await byLink.text()
    assert.match(document, /<Code>ServiceUnavailable<\/Code>\n<Message>There is no room left/)
    assert.ok(!document.includes(objects), document)

    const metadata = { filename: 'resumed', study: 'acme/S/D' }
    const begun = await fetch(`${server.url}/v1/uploads`, {
      method: 'POST',
      headers: {
        ...headers,
        ...tus,
        'upload-length': String(large.length),
        'upload-metadata': Object.entries(metadata)
          .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
          .join(','),
      },
    })
    const sent = await fetch(begun.headers.get('location') ?? '', {
      method: 'PATCH',
      headers: {
        ...headers,
        ...tus,
        'content-type': 'application/offset+octet-stream',
        'upload-offset': '0',
      },
      body: large,
    })
    assert.equal(sent.status, 507)

    const roster = await fetch(`${server.url}/v1/imports?name=users.csv`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'text/csv' },
      body: large,
    })
    assert.equal(roster.status, 507)

    // All of it is free again, and what was there is as it was.
    assert.equal((await put(`${files}/other`, patternBytes(2 * megabyte, 2))).status, 201)
    const listed = await fetch(`${server.url}/v1/study-files`, { headers })
    const { items } = (await listed.json()) as { items: { name: string; number: number }[] }
    assert.deepEqual(items.map(({ name }) => name).toSorted(), ['other', 'small'])
    const number = items.find(({ name }) => name === 'small')?.number
    const whole = await fetch(`${server.url}/v1/files/${number}/content`, { headers })
    assert.equal(sha256(Buffer.from(await whole.arrayBuffer())), sha256(small))
    await server.stop('SIGTERM')
  })
})
