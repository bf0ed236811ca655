import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { sized } from '../../support/size.ts'
import { suiteCleanup } from '../../support/suite-cleanup.ts'
import { startTestServer, type TestAccount } from '../../support/test-server.ts'
import { by, type DeliveryJson, type Page, startWorld, type World } from '../../support/v1-world.ts'

interface WorkJson {
  number: number
  attempt: number
  type: string
  info: unknown
  deliveryId: string
  account: { username: string }
  leaseSeconds: number
}

interface FileJson {
  number: number
  name: string
  mediaType: string
  size: number
}

describe('outside work at /v1/work', () => {
  let world: World
  const cleanup = suiteCleanup()
  before(async () => {
    // A dead worker is replaced within a second.
    world = await startWorld(cleanup, { CLAIMCHECK_LEASE_SECONDS: '1' })
  })

  const claim = (account: TestAccount, wait = 30) =>
    world.json<WorkJson>(
      'POST',
      '/v1/work/claim',
      by(account, { body: { types: ['report'], wait, worker: 'test' } }),
    )

  const step = (account: TestAccount, work: WorkJson, action: string, more: object = {}) =>
    world.ask(
      'POST',
      `/v1/work/${work.number}/${action}`,
      by(account, { body: { attempt: work.attempt, ...more } }),
    )

  const put = (account: TestAccount, work: WorkJson, name: string, body: unknown, headers = {}) =>
    world.ask(
      'PUT',
      `/v1/work/${work.number}/files/${encodeURIComponent(name)}?attempt=${work.attempt}`,
      by(account, { body, headers: { 'content-type': 'text/plain', ...headers } }),
    )

  const filesOf = async (account: TestAccount, id: string) =>
    (await world.json<Page<FileJson>>('GET', `/v1/deliveries/${id}/files`, by(account))).items

  const stateOf = async (account: TestAccount, id: string) =>
    await world.json<DeliveryJson>('GET', `/v1/deliveries/${id}`, by(account))

  /** The objects of a job, of all its attempts. */
  async function objectsOf({ number }: WorkJson): Promise<string[]> {
    const keys: string[] = []
    for await (const { key } of world.server.core.store.list(`jobs/${number}-`)) keys.push(key)
    return keys
  }

  it('goes from the claim to files that are picked up as they were put in', async () => {
    const { ada, bob, reportOf } = world
    const { id } = await reportOf(ada, { year: 2025 })
    const work = await claim(bob)
    assert.deepEqual(
      [
        work.deliveryId,
        work.type,
        work.info,
        work.account.username,
        work.attempt,
        work.leaseSeconds,
      ],
      [id, 'report', { year: 2025 }, 'ada', 1, 1],
    )
    assert.equal((await stateOf(ada, id)).state, 'running')
    const beat = await step(bob, work, 'heartbeat', { progress: 0.5, message: 'Half of it' })
    assert.deepEqual(beat.body, { stop: false, leaseSeconds: 1 })
    const { progress, message } = await stateOf(ada, id)
    assert.deepEqual([progress, message], [0.5, 'Half of it'])
    const bytes = randomBytes(sized(8, 512) * 1024 * 1024)
    const sha256 = createHash('sha256').update(bytes)
    const digest = `sha-256=:${sha256.copy().digest('base64')}:`
    const large = await put(bob, work, 'large file é.bin', bytes, {
      'content-type': 'application/x-test',
      'repr-digest': digest,
    })
    assert.deepEqual(large.body, {
      name: 'large file é.bin',
      size: bytes.length,
      sha256: sha256.digest('hex'),
    })
    assert.equal((await put(bob, work, 'a.txt', 'replaced later')).status, 201)
    assert.equal((await put(bob, work, 'a.txt', 'a')).status, 201)
    assert.equal((await objectsOf(work)).length, 2, 'what was replaced is gone')
    assert.deepEqual(await filesOf(ada, id), [], 'nothing is visible before the end')
    const over = await step(bob, work, 'complete')
    assert.equal((over.body as DeliveryJson).state, 'done')
    const files = await filesOf(ada, id)
    assert.deepEqual(
      files.map(({ name, mediaType, size }) => [name, mediaType, size]),
      [
        ['a.txt', 'text/plain', 1],
        ['large file é.bin', 'application/x-test', bytes.length],
      ],
    )
    const answer = await world.ask('GET', `/v1/files/${files[1]?.number}/content`, by(ada))
    const got = await fetch(answer.headers.get('location') ?? '')
    assert.ok(bytes.equals(Buffer.from(await got.arrayBuffer())))
    for (const action of ['complete', 'heartbeat']) {
      assert.equal((await step(bob, work, action)).status, 409, action)
    }
    assert.equal((await put(bob, work, 'b.txt', 'late')).status, 409)
  })

  it('wakes who waits for work, and loses no job to a worker that left', async () => {
    const { ada, bob, reportOf } = world
    const waiting = claim(bob)
    const { id } = await reportOf(ada)
    const work = await waiting
    assert.equal(work.deliveryId, id)
    assert.equal((await step(bob, work, 'fail', { message: 'No.', retry: false })).status, 204)
    const left = new AbortController()
    const leaving = world.ask('POST', '/v1/work/claim', {
      ...by(bob, { body: { types: ['report'], wait: 30 } }),
      signal: left.signal,
    })
    left.abort()
    await assert.rejects(leaving)
    const next = await reportOf(ada)
    const again = await claim(bob)
    assert.equal(again.deliveryId, next.id)
    await step(bob, again, 'fail', { message: 'No.', retry: false })
    const none = await world.ask('POST', '/v1/work/claim', by(bob, { body: { types: ['report'] } }))
    assert.equal(none.status, 204)
  })

  it('takes the job from a worker that died; what it put in is gone, and what it sends comes too late', async () => {
    const { ada, bob, reportOf } = world
    const { id } = await reportOf(ada)
    const dead = await claim(bob)
    assert.equal((await put(bob, dead, 'half.txt', 'half')).status, 201)
    const second = await claim(ada)
    assert.deepEqual([second.number, second.attempt], [dead.number, 2])
    assert.deepEqual(
      (await objectsOf(dead)).filter((key) => key.includes('-1/')),
      [],
    )
    assert.equal((await put(bob, dead, 'late.txt', 'late')).status, 409)
    const late = await step(bob, dead, 'complete')
    assert.equal(late.status, 409)
    assert.equal((late.body as { code: string }).code, 'lease_lost')
    assert.deepEqual(await filesOf(ada, id), [])
    assert.equal((await put(ada, second, 'whole.txt', 'whole')).status, 201)
    assert.equal((await step(ada, second, 'complete')).status, 200)
    assert.deepEqual(
      (await filesOf(ada, id)).map(({ name }) => name),
      ['whole.txt'],
    )
    assert.equal((await objectsOf(dead)).length, 1)
  })

  it('tries again after a failure, and tells the customer why the last one failed', async () => {
    const { ada, bob, reportOf } = world
    const { id } = await reportOf(ada)
    const first = await claim(bob)
    await put(bob, first, 'a.txt', 'a')
    assert.equal((await step(bob, first, 'fail', { message: 'The source is down.' })).status, 204)
    assert.deepEqual(await objectsOf(first), [])
    assert.equal((await stateOf(ada, id)).state, 'pending')
    const second = await claim(bob)
    assert.equal(second.attempt, 2)
    assert.equal((await step(bob, second, 'complete')).status, 422, 'nothing was put in')
    assert.equal((await step(bob, second, 'fail', { message: 'It is gone.' })).status, 204)
    const { state, message } = await stateOf(ada, id)
    assert.deepEqual([state, message], ['failed', 'It is gone.'])
    await world.json('POST', `/v1/deliveries/${id}/retry`, by(ada))
    const third = await claim(bob)
    assert.equal(third.deliveryId, id)
    await step(bob, third, 'fail', { message: 'No.', retry: false })
    assert.equal((await stateOf(ada, id)).state, 'failed')
  })

  it('tells a worker to stop what nobody wants any more', async () => {
    const { ada, bob, reportOf } = world
    const { id } = await reportOf(ada)
    const work = await claim(bob)
    await put(bob, work, 'a.txt', 'a')
    await world.json('POST', `/v1/deliveries/${id}/cancel`, by(ada))
    assert.deepEqual(await objectsOf(work), [], 'what was put in is gone at once')
    assert.deepEqual((await step(bob, work, 'heartbeat', { progress: 1 })).body, {
      stop: true,
      leaseSeconds: 1,
    })
    assert.equal((await put(bob, work, 'b.txt', 'b')).status, 409)
    assert.equal((await step(bob, work, 'complete')).status, 409)
    assert.equal((await step(bob, work, 'fail', { message: 'Stopped.' })).status, 204)
    assert.deepEqual(await objectsOf(work), [])
    assert.equal((await stateOf(ada, id)).state, 'canceled')
    const job = await world.json<{ state: string }>('GET', `/v1/jobs/${work.number}`, by(ada))
    assert.equal(job.state, 'canceled')
  })

  it('keeps nothing of bytes that are not what was announced', async () => {
    const { ada, bob, reportOf } = world
    const { id } = await reportOf(ada)
    const work = await claim(bob)
    const wrong = createHash('sha256').update('other').digest('base64')
    const right512 = createHash('sha512').update('bytes').digest('base64')
    const refusals: [headers: Record<string, string>, status: number][] = [
      [{ 'repr-digest': `sha-256=:${wrong}:` }, 422],
      [{ 'content-digest': `md5=:${Buffer.alloc(16).toString('base64')}:` }, 422],
      [{ 'repr-digest': `sha-512=:${right512}:`, 'content-digest': `sha-256=:${wrong}:` }, 422],
      [{ 'repr-digest': 'crc32c=:AAAAAA==:' }, 422],
      [{ 'repr-digest': 'sha-256=abc' }, 400],
      [{ 'repr-digest': 'sha-256=:abc:' }, 400],
    ]
    for (const [headers, status] of refusals) {
      const answer = await put(bob, work, 'a.txt', 'bytes', headers)
      assert.equal(answer.status, status, `${JSON.stringify(headers)}: ${answer.text}`)
    }
    assert.deepEqual(await objectsOf(work), [])
    assert.equal(
      (await put(bob, work, 'a.txt', 'bytes', { 'repr-digest': `sha-512=:${right512}:` })).status,
      201,
    )
    for (const name of ['..', 'a/b', 'a\\b', 'a\nb', 'x'.repeat(256)]) {
      const { status } = await put(bob, work, name, 'x')
      assert.ok([404, 422].includes(status), `${name}: ${status}`)
    }
    await breakOff(bob, work)
    assert.equal((await step(bob, work, 'complete')).status, 200)
    assert.deepEqual(
      (await filesOf(ada, id)).map(({ name }) => name),
      ['a.txt'],
    )
    assert.equal((await objectsOf(work)).length, 1)
  })

  /** Announces more bytes than it sends, and leaves. */
  async function breakOff(account: TestAccount, { number, attempt }: WorkJson): Promise<void> {
    const { port } = new URL(world.server.url)
    const socket = connect(Number(port), '127.0.0.1')
    socket.on('error', () => {})
    const path = `/v1/work/${number}/files/broken.txt?attempt=${attempt}`
    socket.write(
      `PUT ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${account.headers.authorization}\r\nContent-Length: 1000000\r\n\r\nhalf`,
    )
    socket.end()
    // It closes its side as well once it has noticed.
    await once(socket.resume(), 'close')
  }

  it('does not hand out work for an account that lost the permission since', async () => {
    const { ada, admin, bob, reportOf, json } = world
    const { id } = await reportOf(bob)
    await json('PATCH', `/v1/accounts/${bob.id}`, by(admin, { body: { permissions: ['work:*'] } }))
    assert.equal(
      (await world.ask('POST', '/v1/work/claim', by(ada, { body: { types: ['report'] } }))).status,
      204,
    )
    const { state } = await stateOf(admin, id)
    assert.equal(state, 'failed')
    await json(
      'PATCH',
      `/v1/accounts/${bob.id}`,
      by(admin, { body: { permissions: ['download:*', 'work:*'] } }),
    )
  })

  it('refuses types that are unknown, made by the server, or not permitted', async () => {
    const { ada, admin, json } = world
    for (const [types, status] of [
      [['hello'], 422],
      [['nothing'], 422],
      [[], 422],
      [Array.from({ length: 51 }, () => 'report'), 422],
    ] as const) {
      const answer = await world.ask('POST', '/v1/work/claim', by(ada, { body: { types } }))
      assert.equal(answer.status, status, types.join())
    }
    const made = await json<{ id: string }>('POST', '/v1/accounts', {
      ...by(admin, { body: { username: 'no-worker', permissions: ['download:*'] } }),
      status: 201,
    })
    const { token } = await json<{ token: string }>('POST', `/v1/accounts/${made.id}/credentials`, {
      ...by(admin, { body: { kind: 'token' } }),
      status: 201,
    })
    const headers = { authorization: `Bearer ${token}` }
    assert.equal(
      (await world.ask('POST', '/v1/work/claim', { headers, body: { types: ['report'] } })).status,
      403,
    )
  })

  it('is done by a program in another language', async (t) => {
    const { ada, bob, reportOf } = world
    const run = promisify(execFile)
    if (
      await run('python3', ['--version']).then(
        () => false,
        () => true,
      )
    )
      return t.skip('no python3')
    const { id } = await reportOf(ada, { year: 2024 })
    const program = fileURLToPath(new URL('../../../examples/worker.py', import.meta.url))
    await run('python3', [program, '--once'], {
      env: {
        PATH: process.env.PATH,
        CLAIMCHECK_URL: world.server.url,
        CLAIMCHECK_TOKEN: bob.token,
      },
    })
    const [file] = await filesOf(ada, id)
    const answer = await world.ask('GET', `/v1/files/${file?.number}/content`, by(ada))
    const got = await fetch(answer.headers.get('location') ?? '')
    assert.equal(await got.text(), 'Report for ada: {"year": 2024}\n')
  })
})

describe('many workers at /v1/work', () => {
  const cleanup = suiteCleanup()

  it('get each job once', async () => {
    const { ada, bob, reportOf, json } = await startWorld(cleanup)
    const count = sized(8, 100)
    const body = { types: ['report'], wait: 30, worker: 'test' }
    const claims = Array.from({ length: count }, () =>
      json<WorkJson>('POST', '/v1/work/claim', by(bob, { body })),
    )
    const ids = await Promise.all(
      Array.from({ length: count }, async () => (await reportOf(ada)).id),
    )
    const works = await Promise.all(claims)
    assert.deepEqual(works.map(({ deliveryId }) => deliveryId).sort(), ids.sort())
    assert.ok(works.every(({ attempt }) => attempt === 1))
  })
})

describe('outside work over two servers', () => {
  it('is claimed at one, put in at the other, and completed at the first', async (t) => {
    const world = await startWorld(t)
    const { ada, json, reportOf } = world
    const second = await startTestServer(t, { folder: world.server.folder })
    assert.notEqual(second.url, world.server.url)
    const { id } = await reportOf(ada)
    const { number } = await json<WorkJson>(
      'POST',
      '/v1/work/claim',
      by(ada, { body: { types: ['report'] } }),
    )
    const upload = await fetch(`${second.url}/v1/work/${number}/files/a.txt?attempt=1`, {
      method: 'PUT',
      headers: ada.headers,
      body: 'from the other',
    })
    assert.equal(upload.status, 201, await upload.text())
    await json('POST', `/v1/work/${number}/complete`, by(ada, { body: { attempt: 1 } }))
    const { items } = await json<Page<FileJson>>('GET', `/v1/deliveries/${id}/files`, by(ada))
    assert.deepEqual(
      items.map(({ size }) => size),
      [14],
    )
  })
})
