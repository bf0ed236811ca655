import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { before, describe, it } from 'node:test'
import { listCredentials, revokeCredential } from '../../../src/core/accounts/credentials.ts'
import { patternBytes, sha256 } from '../../support/bytes.ts'
import { suiteCleanup } from '../../support/suite-cleanup.ts'
import { createTestAccount, type TestAccount } from '../../support/test-server.ts'
import { by, startWorld, type World } from '../../support/v1-world.ts'

/** More than sockets hold: when the last of it is asked for, the server has long begun. */
const large = patternBytes(24 * 1024 * 1024)
const CHUNK = 65_536

describe('a request whose credential is revoked while it lasts', () => {
  const cleanup = suiteCleanup()
  let world: World

  before(async () => {
    world = await startWorld(cleanup)
  })

  it('publishes nothing, though the account may', async () => {
    const paula = await createTestAccount(world.server.core, 'paula', { permissions: ['publish'] })
    const path = '/v1/studies/acme/S/D/files/late.bin'
    const answer = await send(path, {
      method: 'PUT',
      headers: paula.headers,
      body: halfway(() => revokeToken(paula)),
    })
    assert.equal(answer.status, 403)
    assert.match(await answer.text(), /revoked meanwhile/)
    assert.equal(await count('study_files'), 0)
  })

  it('imports nothing, as the import document has it', async () => {
    const ida = await createTestAccount(world.server.core, 'ida', { permissions: ['rostering'] })
    const head =
      '--b\r\ncontent-disposition: form-data; name="file"; filename="users.csv"\r\ncontent-type: text/csv\r\n\r\n'
    async function* form() {
      yield Buffer.from(head)
      yield* halfway(() => revokeToken(ida))
      yield Buffer.from('\r\n--b--\r\n')
    }
    const type = { 'content-type': 'multipart/form-data; boundary=b' }
    const answer = await send('/api/v1/upload', {
      method: 'POST',
      headers: { ...ida.headers, ...type },
      body: form(),
    })
    assert.equal(answer.status, 403)
    assert.equal(await count('imports'), 0)
  })

  it('gets the download that has begun to its end, and no range more', async () => {
    const sam = await createTestAccount(world.server.core, 'sam', {
      permissions: ['publish', 'study:acme'],
    })
    const path = '/v1/studies/acme/T/D/files/large.bin'
    const put = await send(path, { method: 'PUT', headers: sam.headers, body: halfway() })
    assert.equal(put.status, 201)
    const { number } = (await put.json()) as { number: number }
    const link = await world.json<{ id: string; url: string }>(
      'POST',
      `/v1/files/${number}/links`,
      { ...by(sam, { body: {} }), status: 201 },
    )
    const begun = await fetch(link.url)
    await world.ask('DELETE', `/v1/links/${link.id}`, by(sam))
    assert.equal(sha256(Buffer.from(await begun.arrayBuffer())), sha256(large))
    const more = await fetch(link.url, { headers: { range: 'bytes=5-' } })
    assert.equal(more.status, 403)
  })

  /** The large bytes, and something that happens before their last part. */
  async function* halfway(happens = async (): Promise<unknown> => null) {
    for (let start = 0; start < large.length; start += CHUNK) {
      if (start + CHUNK >= large.length) await happens()
      yield large.subarray(start, start + CHUNK)
    }
  }

  function send(
    path: string,
    { body, ...more }: { method: string; headers: object; body: AsyncIterable<Uint8Array> },
  ): Promise<Response> {
    const init = { ...more, body: Readable.toWeb(Readable.from(body)), duplex: 'half' }
    return fetch(world.server.url + path, init as unknown as RequestInit)
  }

  async function revokeToken({ id }: TestAccount): Promise<void> {
    const { core } = world.server
    const credentials = await listCredentials(core, 'system', id)
    const token = credentials.find(({ kind }) => kind === 'token')
    await revokeCredential(core, 'system', token?.id ?? '')
  }

  async function count(table: 'study_files' | 'imports'): Promise<number> {
    const { kysely } = world.server.core.database
    const rows = await kysely.selectFrom(table).selectAll().execute()
    return rows.length
  }
})
