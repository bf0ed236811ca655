import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { request as ask } from 'node:http'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { Upload as TusUpload } from 'tus-js-client'
import { readSettings } from '../../../src/config.ts'
import { suspendAccount } from '../../../src/core/accounts/accounts.ts'
import { sweep } from '../../../src/core/sweep.ts'
import { openInstallation } from '../../../src/open-installation.ts'
import { patternBytes, sha256 } from '../../support/bytes.ts'
import { newKey } from '../../support/keys.ts'
import { startServerProcess } from '../../support/server-process.ts'
import { findPublished } from '../../support/studies.ts'
import { suiteCleanup } from '../../support/suite-cleanup.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { createTestAccount, startTestServer, type TestAccount } from '../../support/test-server.ts'
import { until } from '../../support/until.ts'
import { by, startWorld, type World } from '../../support/v1-world.ts'

const version = { 'tus-resumable': '1.0.0' }
const bytesType = { 'content-type': 'application/offset+octet-stream' }
const megabyte = 1024 * 1024

describe('an upload by tus', () => {
  const cleanup = suiteCleanup()
  let world: World
  let paula: TestAccount

  before(async () => {
    world = await startWorld(cleanup)
    const permissions = ['publish:acme/S', 'study:acme']
    paula = await createTestAccount(world.server.core, 'paula', { permissions })
  })

  it('by tus-js-client goes on after it was broken off, and is published when it is whole', async () => {
    const bytes = patternBytes(3 * megabyte)
    const sent: number[] = []
    const first = tusUpload(bytes, 'resumed.bin', {
      onChunkComplete: (_size, accepted) => {
        sent.push(accepted)
        if (sent.length === 2) void first.upload.abort()
      },
    })
    first.upload.start()
    await until('two chunks are there', () => sent.length === 2)
    assert.equal(await published('resumed.bin'), null)
    const second = tusUpload(bytes, 'resumed.bin', { uploadUrl: first.upload.url })
    second.upload.start()
    await second.done
    assert.equal((await published('resumed.bin'))?.sha256, sha256(bytes))
    const upload = await statusOf(first.upload.url ?? '')
    assert.equal(upload.state, 'done')
    assert.equal(upload.fileNumber, (await published('resumed.bin'))?.number)
    assert.deepEqual(await partsOf(first.upload.url ?? ''), [])
  })

  it('keeps what came before the connection broke in the middle of a request', async () => {
    const bytes = patternBytes(2 * megabyte)
    const url = await create(paula, bytes.length, 'broken.bin')
    await send(url, bytes.subarray(0, megabyte), { offset: 0, length: 2 * megabyte })
    const offset = await offsetOf(url)
    assert.ok(offset > 0 && offset <= megabyte, String(offset))
    assert.equal((await patch(url, bytes.subarray(offset), offset)).status, 204)
    assert.equal((await published('broken.bin'))?.sha256, sha256(bytes))
  })

  it('goes on at another node', async (t) => {
    const { folder } = world.server
    const other = await startTestServer(t, { folder })
    const bytes = patternBytes(100_000)
    const url = await create(paula, bytes.length, 'nodes.bin')
    assert.equal((await patch(url, bytes.subarray(0, 60_000), 0)).status, 204)
    const there = url.replace(world.server.url, other.url)
    assert.equal(await offsetOf(there), 60_000)
    assert.equal((await patch(there, bytes.subarray(60_000), 60_000)).status, 204)
    assert.equal((await published('nodes.bin'))?.sha256, sha256(bytes))
  })

  it('has one writer: another that comes ends the first, and keeps what that one has sent', async () => {
    const bytes = patternBytes(100_000)
    const url = await create(paula, bytes.length, 'writers.bin')
    const first = open(url, { offset: 0, length: bytes.length })
    first.request.write(bytes.subarray(0, 70_000))
    await until('the first holds it', () => isHeld(url))
    const offset = await offsetOf(url)
    assert.ok(offset <= 70_000)
    assert.equal(await first.status, 409)
    const rest = await Promise.all([
      patch(url, bytes.subarray(offset), offset),
      patch(url, bytes.subarray(offset), offset),
    ])
    assert.ok(rest.some(({ status }) => status === 204))
    for (const { status } of rest) assert.ok(status === 204 || status === 409, String(status))
    assert.equal(await offsetOf(url), bytes.length)
    assert.equal((await published('writers.bin'))?.sha256, sha256(bytes))
  })

  it('takes nothing at another offset, and no more than was announced', async () => {
    const bytes = patternBytes(1000)
    const url = await create(paula, 500, 'offsets.bin')
    assert.equal((await patch(url, bytes.subarray(0, 100), 1)).status, 409)
    assert.equal((await patch(url, bytes, 0)).status, 413)
    assert.equal(await offsetOf(url), 0)
    assert.equal((await patch(url, bytes.subarray(0, 500), 0)).status, 204)
    assert.equal((await published('offsets.bin'))?.sha256, sha256(bytes.subarray(0, 500)))
    // Again the same last bytes, by a client that has not heard the answer.
    assert.equal((await patch(url, Buffer.alloc(0), 500)).status, 204)
    assert.equal((await patch(url, bytes.subarray(500), 500)).status, 413)
    assert.equal(await offsetOf(url), 500)
  })

  it('of nothing, and one whose bytes come with its creation, are done at once', async () => {
    await create(paula, 0, 'empty.bin')
    assert.equal((await published('empty.bin'))?.sha256, sha256(Buffer.alloc(0)))
    const bytes = patternBytes(1234)
    const answer = await fetch(`${world.server.url}/v1/uploads`, {
      method: 'POST',
      headers: { ...paula.headers, ...version, ...bytesType, ...creation(1234, 'at-once.bin') },
      body: new Uint8Array(bytes),
    })
    assert.equal(answer.status, 201)
    assert.equal(await answer.text(), '')
    assert.equal(answer.headers.get('upload-offset'), '1234')
    assert.equal(
      Number(answer.headers.get('claimcheck-file')),
      (await published('at-once.bin'))?.number,
    )
  })

  it('counts bytes with a checksum only when it holds', async () => {
    const bytes = patternBytes(1000)
    const url = await create(paula, bytes.length, 'checked.bin')
    const half = bytes.subarray(0, 500)
    for (const algorithm of ['sha1', 'sha256', 'md5']) {
      const wrong = createHash(algorithm).update('other').digest('base64')
      const refused = await patch(url, half, 0, { 'upload-checksum': `${algorithm} ${wrong}` })
      assert.equal(refused.status, 460)
      assert.equal(await offsetOf(url), 0)
    }
    assert.equal((await patch(url, half, 0, { 'upload-checksum': 'crc99 AAAA' })).status, 400)
    const right = createHash('sha1').update(half).digest('base64')
    const taken = await patch(url, half, 0, { 'upload-checksum': `sha1 ${right}` })
    assert.equal(taken.headers.get('upload-offset'), '500')
    assert.equal((await patch(url, bytes.subarray(500), 500)).status, 204)
    assert.equal((await published('checked.bin'))?.sha256, sha256(bytes))
  })

  it('that is not what was announced leaves nothing', async () => {
    const digest = createHash('sha256').update('other').digest('base64')
    const url = await create(paula, 10, 'wrong.bin', { 'repr-digest': `sha-256=:${digest}:` })
    assert.equal((await patch(url, Buffer.from('0123456789'), 0)).status, 422)
    assert.equal(await published('wrong.bin'), null)
    assert.equal((await head(url)).status, 404)
    const right = createHash('sha256').update('0123456789').digest('base64')
    const good = await create(paula, 10, 'right.bin', { 'repr-digest': `sha-256=:${right}:` })
    assert.equal((await patch(good, Buffer.from('0123456789'), 0)).status, 204)
    assert.notEqual(await published('right.bin'), null)
  })

  it('asks for the same permission as the other doors, whenever something comes', async () => {
    const refused = async (account: TestAccount, metadata: Record<string, string>) =>
      (await post(account, 10, metadata)).status
    const elsewhere = { filename: 'a', study: 'acme/OTHER/D' }
    assert.equal(await refused(paula, elsewhere), 403)
    assert.equal(await refused(world.bob, { filename: 'a', study: 'acme/S/D' }), 403)
    assert.equal(await refused(world.eve, { filename: 'a', study: 'acme/S/D' }), 404)
    assert.equal(await refused(paula, { filename: 'a', import: '' }), 403)
    for (const wrong of [{}, { filename: 'a' }, { filename: 'a', study: 'acme/S' }]) {
      assert.equal(await refused(paula, wrong), 400)
    }
    const url = await create(paula, 10, 'mine.bin')
    const headers = { ...world.admin.headers, ...version }
    for (const method of ['HEAD', 'DELETE']) {
      assert.equal((await fetch(url, { method, headers })).status, 404)
    }
    const permissions = ['publish:acme/S']
    const { core } = world.server
    const lost = await createTestAccount(core, 'lost', { permissions })
    const theirs = await create(lost, 10, 'lost.bin')
    await core.database.kysely
      .updateTable('accounts')
      .set({ permissions: '[]' })
      .where('id', '=', lost.id)
      .execute()
    core.database.signals.notify('access')
    const late = await patch(theirs, Buffer.from('0123456789'), 0, lost.headers)
    assert.equal(late.status, 403)
    await suspendAccount(core, 'system', lost.id)
    assert.equal((await patch(theirs, Buffer.alloc(1), 0, lost.headers)).status, 401)
    assert.equal(await published('lost.bin'), null)
  })

  it('is refused at its creation for what no door takes, whatever its bytes would be', async () => {
    const study = 'acme/S/D'
    for (const [metadata, field] of [
      [{ filename: 'a/b', study }, 'name'],
      [{ filename: '..', study }, 'name'],
      [{ filename: 'a\nb', study }, 'name'],
      [{ filename: 'a'.repeat(256), study }, 'name'],
      [{ filename: 'a', filetype: 'text/html\r\nX-More: 1', study }, 'mediaType'],
      [{ filename: 'a', filetype: 'text', study }, 'mediaType'],
    ] as const) {
      const refused = await post(paula, 10, metadata)
      assert.equal(refused.status, 422)
      const { code, errors } = (await refused.json()) as {
        code: string
        errors: { path: string }[]
      }
      assert.deepEqual([code, errors.map(({ path }) => path)], ['invalid', [`/${field}`]])
    }
    const rita = await createTestAccount(world.server.core, 'rita', { permissions: ['rostering'] })
    const long = await post(rita, 10, { filename: 'a'.repeat(201), import: '' })
    assert.equal(long.status, 422)
    const headers = { ...paula.headers, ...version, 'upload-length': '10' }
    const latin = {
      'upload-metadata': `filename ${Buffer.from('\xe9', 'latin1').toString('base64')}`,
    }
    const root = `${world.server.url}/v1/uploads`
    const unreadable = await fetch(root, { method: 'POST', headers: { ...headers, ...latin } })
    assert.equal(unreadable.status, 400)
  })

  it('with another digest, length or end than was announced shows nothing and keeps no byte', async () => {
    const { core } = world.server
    const objects = async () => {
      const keys: string[] = []
      for await (const { key } of core.store.list('')) keys.push(key)
      return keys.toSorted()
    }
    const before = await objects()
    const rows = () => core.database.kysely.selectFrom('uploads').select('id').execute()
    const known = await rows()
    const bytes = patternBytes(1000, 7)
    const digest = createHash('sha512').update('other').digest('base64')
    const other = await create(paula, 1000, 'w1.bin', { 'repr-digest': `sha-512=:${digest}:` })
    assert.equal((await patch(other, bytes.subarray(0, 400), 0)).status, 204)
    assert.equal((await patch(other, bytes.subarray(400), 400)).status, 422)
    const short = await create(paula, 999, 'w2.bin')
    assert.equal((await patch(short, bytes, 0)).status, 413)
    const ended = await create(paula, 1001, 'w3.bin')
    assert.equal((await patch(ended, bytes, 0)).status, 204)
    assert.equal((await statusOf(ended)).state, 'receiving')
    for (const url of [short, ended]) {
      const headers = { ...paula.headers, ...version }
      assert.equal((await fetch(url, { method: 'DELETE', headers })).status, 204)
    }
    for (const name of ['w1.bin', 'w2.bin', 'w3.bin']) assert.equal(await published(name), null)
    assert.deepEqual(await rows(), known)
    assert.deepEqual(await objects(), before)
  })

  it('speaks the protocol: version, extensions, 412, 415, termination', async () => {
    const root = `${world.server.url}/v1/uploads`
    const options = await fetch(root, { method: 'OPTIONS' })
    assert.equal(options.status, 204)
    assert.equal(options.headers.get('tus-version'), '1.0.0')
    assert.match(options.headers.get('tus-extension') ?? '', /creation.*checksum/)
    assert.ok(Number(options.headers.get('tus-max-size')) > 0)
    const without = await fetch(root, { method: 'POST', headers: paula.headers })
    assert.equal(without.status, 412)
    assert.equal(without.headers.get('tus-resumable'), '1.0.0')
    const url = await create(paula, 10, 'ended.bin')
    const text = { 'content-type': 'text/plain' }
    assert.equal((await patch(url, Buffer.alloc(1), 0, text)).status, 415)
    const seen = await head(url)
    assert.equal(seen.headers.get('upload-length'), '10')
    assert.equal(seen.headers.get('cache-control'), 'no-store')
    assert.ok(Date.parse(seen.headers.get('upload-expires') ?? '') > Date.now())
    await patch(url, Buffer.alloc(5), 0)
    const overridden = await fetch(url, {
      method: 'POST',
      headers: {
        ...{ ...paula.headers, ...version, ...bytesType },
        ...{ 'x-http-method-override': 'PATCH', 'upload-offset': '5' },
      },
      body: 'x',
    })
    assert.equal(overridden.headers.get('upload-offset'), '6')
    const ended = await fetch(url, { method: 'DELETE', headers: { ...paula.headers, ...version } })
    assert.equal(ended.status, 204)
    assert.equal((await head(url)).status, 404)
    assert.equal((await patch(url, Buffer.alloc(5), 5)).status, 404)
  })

  it('into an import is stored encrypted, and imports once', async () => {
    const { core } = world.server
    const ida = await createTestAccount(core, 'ida', { permissions: ['rostering'] })
    const csv = Buffer.from('login,password\nsome,secret-in-the-file\n')
    const { headers } = await post(ida, csv.length, { filename: 'users.csv', import: '' })
    const url = headers.get('location') ?? ''
    assert.equal((await patch(url, csv.subarray(0, 30), 0, ida.headers)).status, 204)
    const [part] = await partsOf(url)
    assert.notEqual(part?.encryption, null)
    const last = await patch(url, csv.subarray(30), 30, ida.headers)
    assert.equal(last.status, 204)
    const id = last.headers.get('claimcheck-delivery')
    const found = await world.json<{ fileName: string }>('GET', `/v1/imports/${id}`, by(ida))
    assert.equal(found.fileName, 'users.csv')
  })

  it('to which nothing comes for a day is given up, with its bytes', async () => {
    const { core } = world.server
    const url = await create(paula, 1000, 'given-up.bin')
    await patch(url, Buffer.alloc(10), 0)
    const [part] = await partsOf(url)
    const key = part?.object_key ?? ''
    await sweep(core, { orphans: true })
    assert.notEqual(await core.store.stat(key), null)
    await core.database.kysely
      .updateTable('uploads')
      .set({ expires_at: core.database.now() - 1 })
      .where('id', '=', idOf(url))
      .execute()
    assert.equal((await head(url)).status, 410)
    await sweep(core, { orphans: false })
    assert.equal(await core.store.stat(key), null)
    assert.equal((await head(url)).status, 404)
  })

  it('survives the death of the server in the middle of a request', async (t) => {
    const cwd = await temporaryFolder(t)
    const environment = {
      CLAIMCHECK_DATA: join(cwd, 'data'),
      CLAIMCHECK_SIGNING_KEYS: newKey('test'),
      CLAIMCHECK_MASTER_KEYS: newKey('test'),
    }
    const seed = await openInstallation(readSettings(environment))
    const pia = await createTestAccount(seed.core, 'pia', { permissions: ['publish'] })
    await seed.close()
    const dying = await startServerProcess(t, cwd, environment)
    const bytes = patternBytes(40 * megabyte)
    const made = await post(pia, bytes.length, place('big.bin'), dying.url)
    assert.equal(made.status, 201, await made.text())
    const url = made.headers.get('location') ?? ''
    const held = open(url, { offset: 0, length: bytes.length, headers: pia.headers })
    held.status.catch(() => {})
    held.request.write(bytes.subarray(0, 36 * megabyte))
    const kept = 32 * megabyte
    await until('a part is safe', async () => (await statusOf(url, pia)).received === kept)
    await dying.stop('SIGKILL')
    const living = await startServerProcess(t, cwd, environment)
    const again = url.replace(dying.url, living.url)
    assert.equal((await head(again, pia)).headers.get('upload-offset'), String(kept))
    const last = await patch(again, bytes.subarray(kept), kept, pia.headers)
    assert.equal(last.status, 204)
    const file = await fetch(`${living.url}/v1/files/${last.headers.get('claimcheck-file')}`, {
      headers: pia.headers,
    })
    // Whoever may publish may not therefore read.
    assert.equal(file.status, 403)
    await living.stop('SIGTERM')
  })

  function tusUpload(
    bytes: Buffer,
    filename: string,
    more: ConstructorParameters<typeof TusUpload>[1],
  ) {
    const { promise: done, resolve, reject } = Promise.withResolvers<void>()
    const upload = new TusUpload(bytes, {
      endpoint: `${world.server.url}/v1/uploads`,
      headers: paula.headers,
      chunkSize: megabyte,
      retryDelays: [10, 100, 1000],
      metadata: { filename, filetype: 'application/octet-stream', study: 'acme/S/D' },
      onSuccess: () => resolve(),
      onError: reject,
      ...more,
    })
    return { upload, done }
  }

  async function create(
    account: TestAccount,
    length: number,
    name: string,
    more: Record<string, string> = {},
  ): Promise<string> {
    const answer = await post(account, length, { ...place(name), ...more })
    assert.equal(answer.status, 201, await answer.text())
    return answer.headers.get('location') ?? ''
  }

  function post(
    account: TestAccount,
    length: number,
    metadata: Record<string, string>,
    server = world.server.url,
  ) {
    const headers = { ...account.headers, ...version, ...creationOf(length, metadata) }
    return fetch(`${server}/v1/uploads`, { method: 'POST', headers })
  }

  function patch(
    url: string,
    bytes: Buffer,
    offset: number,
    more: Record<string, string> = {},
  ): Promise<Response> {
    const headers = { ...paula.headers, ...version, ...bytesType, 'upload-offset': String(offset) }
    return fetch(url, {
      method: 'PATCH',
      headers: { ...headers, ...more },
      body: new Uint8Array(bytes),
    })
  }

  function head(url: string, account = paula): Promise<Response> {
    return fetch(url, { method: 'HEAD', headers: { ...account.headers, ...version } })
  }

  async function offsetOf(url: string): Promise<number> {
    const answer = await head(url)
    assert.equal(answer.status, 200)
    assert.ok(['0', null].includes(answer.headers.get('content-length')))
    return Number(answer.headers.get('upload-offset'))
  }

  /** A PATCH whose body is written by hand. */
  function open(
    url: string,
    {
      offset,
      length,
      headers = paula.headers,
    }: { offset: number; length: number; headers?: object },
  ) {
    const request = ask(url, {
      method: 'PATCH',
      headers: {
        ...headers,
        ...version,
        ...bytesType,
        'upload-offset': offset,
        'content-length': length,
      },
    })
    const status = new Promise<number>((resolve, reject) => {
      request.once('response', (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      request.once('error', reject)
    })
    return { request, status }
  }

  /** Sends some of the bytes that it announces, and breaks the connection. */
  async function send(
    url: string,
    bytes: Buffer,
    announced: { offset: number; length: number },
  ): Promise<void> {
    const { request, status } = open(url, announced)
    status.catch(() => {})
    await new Promise<void>((resolve) => request.write(bytes, () => resolve()))
    await until('it is held', () => isHeld(url))
    request.destroy()
  }

  async function isHeld(url: string): Promise<boolean> {
    const row = await world.server.core.database.kysely
      .selectFrom('uploads')
      .select('lease')
      .where('id', '=', idOf(url))
      .executeTakeFirst()
    return row !== undefined && row.lease !== null
  }

  async function statusOf(url: string, account = paula) {
    const answer = await fetch(url, { headers: account.headers })
    return (await answer.json()) as { state: string; received: number; fileNumber: number | null }
  }

  const published = (name: string) => findPublished(world.server.core, name)

  function partsOf(url: string) {
    return world.server.core.database.kysely
      .selectFrom('upload_parts')
      .selectAll()
      .where('upload_id', '=', idOf(url))
      .execute()
  }
})

function place(filename: string): Record<string, string> {
  return { filename, study: 'acme/S/D' }
}

function creation(length: number, name: string): Record<string, string> {
  return creationOf(length, place(name))
}

function creationOf(length: number, metadata: Record<string, string>): Record<string, string> {
  const pairs = Object.entries(metadata).map(([key, value]) =>
    value === '' ? key : `${key} ${Buffer.from(value).toString('base64')}`,
  )
  return { 'upload-length': String(length), 'upload-metadata': pairs.join(',') }
}

function idOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1)
}
