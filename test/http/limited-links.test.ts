import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { newKey } from '../support/keys.ts'
import { startTestServer } from '../support/test-server.ts'
import { until } from '../support/until.ts'
import { by, type Page, startWorld, type World } from '../support/v1-world.ts'

interface LinkJson {
  id: string
  url: string
  fileNumber: number
  maxUses: number | null
  used: number | null
  open: number | null
  page: boolean
  networks: string[]
  uses: { agent: string; address: string; bytesSent: number; usedAt: string | null }[]
}

const whole = 'Hello\n'

describe('a link for one download', () => {
  it('is won by one of a hundred clients that race for it', async (t) => {
    const { link, detail } = await setUp(t)
    const { id, url } = await link({ maxUses: 1 })
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const answer = await fetch(url, { headers: { 'user-agent': `racer ${index}` } })
        return { status: answer.status, text: await answer.text() }
      }),
    )
    const won = answers.filter(({ status }) => status === 200)
    assert.deepEqual(won, [{ status: 200, text: whole }])
    for (const { status, text } of answers.filter((answer) => answer !== won[0])) {
      assert.equal(status, 403)
      assert.match(
        text,
        /<Code>AccessDenied<\/Code>\n<Message>This link (?:was|is) for one download/,
      )
    }
    // The last byte can be read before it is written that it went out.
    await until('the use is written', async () => (await detail(id)).used === 1)
    const { open, uses } = await detail(id)
    assert.deepEqual([open, uses.length], [0, 1])
    assert.equal(uses[0]?.bytesSent, whole.length)
    assert.notEqual(uses[0]?.usedAt, null)
  })

  it('is won by one of those who race for it on two nodes', async (t) => {
    const environment = { CLAIMCHECK_SIGNING_KEYS: newKey('shared') }
    const { world, link, detail } = await setUp(t, environment)
    const other = await startTestServer(t, { folder: world.server.folder, environment })
    const { id, url } = await link({ maxUses: 1 })
    const statuses = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const node = index % 2 === 0 ? url : url.replace(world.server.url, other.url)
        const answer = await fetch(node, { headers: { 'user-agent': `racer ${index}` } })
        await answer.arrayBuffer()
        return answer.status
      }),
    )
    assert.deepEqual(
      statuses.filter((status) => status !== 403),
      [200],
    )
    assert.equal((await detail(id)).uses.length, 1)
  })

  it('is not used up by HEAD, by conditions, or by ranges that lie beyond the end', async (t) => {
    const { link, detail } = await setUp(t)
    const { id, url } = await link({ maxUses: 1 })
    const head = await fetch(url, { method: 'HEAD' })
    assert.equal(head.status, 200)
    const etag = head.headers.get('etag') ?? ''
    assert.equal((await fetch(url, { headers: { 'if-none-match': etag } })).status, 304)
    assert.equal((await fetch(url, { headers: { range: 'bytes=99-' } })).status, 416)
    assert.equal((await fetch(url, { headers: { 'if-match': '"other"' } })).status, 412)
    const { used, open } = await detail(id)
    assert.deepEqual([used, open], [0, 0])
  })

  it('belongs to the client that began, range by range, until it has all bytes', async (t) => {
    const { link, detail } = await setUp(t)
    const { id, url } = await link({ maxUses: 1 })
    const ask = (agent: string, range: string) =>
      fetch(url, { headers: { 'user-agent': agent, range: `bytes=${range}` } })
    assert.equal((await ask('first', '0-2')).status, 206)
    assert.equal((await ask('second', '0-2')).status, 403)
    assert.equal((await ask('first', '0-2')).status, 206)
    assert.equal((await detail(id)).open, 1)
    assert.equal(await (await ask('first', '3-5')).text(), 'lo\n')
    const over = await ask('first', '3-5')
    assert.equal(over.status, 403)
    assert.match(await over.text(), /for one download, and it has been made/)
  })

  it('is used up when twice as many bytes went out as there are', async (t) => {
    const { link, detail } = await setUp(t)
    const { id, url } = await link({ maxUses: 1 })
    const ask = async () => (await fetch(url, { headers: { range: 'bytes=0-2' } })).status
    for (let count = 0; count < 4; count += 1) assert.equal(await ask(), 206)
    assert.equal(await ask(), 403)
    assert.deepEqual([(await detail(id)).used], [1])
  })
})

describe('a link for two downloads', () => {
  it('opens for two clients, and may be an archive', async (t) => {
    const { world, hello } = await setUp(t)
    const made = await world.json<{ link: LinkJson }>(
      'POST',
      `/v1/deliveries/${hello.id}/archive/links`,
      { ...by(world.ada, { body: { maxUses: 2 } }), status: 201 },
    )
    const statuses: number[] = []
    for (const agent of ['a', 'b', 'c']) {
      const answer = await fetch(made.link.url, { headers: { 'user-agent': agent } })
      statuses.push(answer.status)
      await answer.arrayBuffer()
    }
    assert.deepEqual(statuses, [200, 200, 403])
  })
})

describe('a link for a network', () => {
  it('opens from there and from nowhere else', async (t) => {
    const { link } = await setUp(t)
    const here = await link({ networks: ['127.0.0.0/8', '::1'] })
    assert.equal((await fetch(here.url)).status, 200)
    assert.deepEqual(here.networks, ['127.0.0.0/8', '::1'])
    const elsewhere = await link({ networks: ['192.0.2.0/24', '2001:db8::/32'] })
    for (const method of ['GET', 'HEAD']) {
      assert.equal((await fetch(elsewhere.url, { method })).status, 403)
    }
    assert.match(await (await fetch(elsewhere.url)).text(), /does not open from your address/)
  })

  it('believes the proxies that are trusted, and nobody else', async (t) => {
    const { link } = await setUp(t, { CLAIMCHECK_TRUSTED_PROXIES: '127.0.0.1' })
    const { url } = await link({ networks: ['192.0.2.7', '2001:db8::/32'] })
    const from = async (forwarded: string) =>
      (await fetch(url, { headers: { 'x-forwarded-for': forwarded } })).status
    assert.equal(await from('192.0.2.7'), 200)
    assert.equal(await from('2001:db8::5'), 200)
    assert.equal(await from('192.0.2.8'), 403)
    assert.equal(await from('192.0.2.7, 198.51.100.1'), 403)
    const { link: linkOfOther } = await setUp(t)
    const other = await linkOfOther({ networks: ['192.0.2.7'] })
    const forged = await fetch(other.url, { headers: { 'x-forwarded-for': '192.0.2.7' } })
    assert.equal(forged.status, 403)
  })
})

describe('a link with a page', () => {
  it('gives the bytes to whoever presses the button, and to nobody who only looks', async (t) => {
    const { link, detail } = await setUp(t)
    const { id, url, page } = await link({ maxUses: 1, page: true })
    assert.equal(page, true)
    for (const agent of ['preview', 'scanner', 'person']) {
      const shown = await fetch(url, { headers: { 'user-agent': agent } })
      assert.equal(shown.status, 200)
      assert.equal(shown.headers.get('content-type'), 'text/html; charset=utf-8')
      assert.match(await shown.text(), /hello\.txt[\s\S]*6 bytes[\s\S]*<form method="post">/)
    }
    assert.deepEqual((await detail(id)).used, 0)
    const pressed = await fetch(url, { method: 'POST', redirect: 'manual' })
    assert.equal(pressed.status, 303)
    const bytes = new URL(pressed.headers.get('location') ?? '', url).href
    assert.equal(await (await fetch(bytes)).text(), whole)
    // What is behind the button is counted, too.
    await until('the use is written', async () => (await detail(id)).used === 1)
    assert.equal((await fetch(bytes)).status, 403)
  })

  it('is a page only where it was made as one', async (t) => {
    const { link } = await setUp(t)
    const { url } = await link({})
    assert.equal((await fetch(url, { method: 'POST' })).status, 403)
    assert.equal((await fetch(url, { method: 'PUT', body: 'x' })).status, 403)
  })

  it('opens nothing any more when it is revoked, by the page or past it', async (t) => {
    const { world, link } = await setUp(t)
    const { id, url } = await link({ page: true })
    const pressed = await fetch(url, { method: 'POST', redirect: 'manual' })
    const bytes = new URL(pressed.headers.get('location') ?? '', url).href
    await world.ask('DELETE', `/v1/links/${id}`, by(world.ada))
    for (const gone of [url, bytes]) assert.equal((await fetch(gone)).status, 403)
    assert.equal((await fetch(url, { method: 'POST' })).status, 403)
  })
})

describe('links in /v1', () => {
  it('are made for a whole delivery in one call, and listed with their use', async (t) => {
    const { world, hello, file } = await setUp(t)
    const { items } = await world.json<{ items: LinkJson[] }>('POST', '/v1/links', {
      ...by(world.ada, { body: { delivery: hello.id, maxUses: 3, lifetimeSeconds: 60 } }),
      status: 201,
    })
    assert.deepEqual(
      items.map(({ fileNumber, maxUses }) => ({ fileNumber, maxUses })),
      [{ fileNumber: file, maxUses: 3 }],
    )
    await (await fetch(items[0]?.url ?? '')).text()
    await until('the use is written', async () => {
      const page = await world.json<Page<LinkJson>>('GET', '/v1/links', by(world.ada))
      const listed = page.items.find(({ id }) => id === items[0]?.id)
      return listed?.used === 1 && listed.open === 0
    })
  })

  it('are made for many files in their order, all or none', async (t) => {
    const { world, file } = await setUp(t)
    const ofBob = await fileOf(world, await world.helloOf(world.bob))
    const post = (files: number[], status: number) =>
      world.json<{ items: LinkJson[]; file?: number }>('POST', '/v1/links', {
        ...by(world.ada, { body: { files } }),
        status,
      })
    const own = await fileOf(world, await world.helloOf(world.ada))
    const { items } = await post([own, file, own], 201)
    assert.deepEqual(
      items.map((item) => item.fileNumber),
      [own, file, own],
    )
    const before = await world.json<Page<LinkJson>>('GET', '/v1/links', by(world.ada))
    // Which one of thousands it was.
    for (const refused of [ofBob, 999_999]) {
      assert.equal((await post([own, refused, own], 404)).file, refused)
    }
    const after = await world.json<Page<LinkJson>>('GET', '/v1/links', by(world.ada))
    assert.equal(after.items.length, before.items.length)
  })

  it('refuse limits that cannot be', async (t) => {
    const { world, file, hello } = await setUp(t)
    for (const wrong of [
      { maxUses: 0 },
      { maxUses: 10_001 },
      { networks: ['192.0.2.0/33'] },
      { networks: ['example.com'] },
      { page: 'yes' },
    ]) {
      const refused = { ...by(world.ada, { body: wrong }), status: 422 }
      await world.json('POST', `/v1/files/${file}/links`, refused)
    }
    for (const wrong of [{}, { files: [file], delivery: hello.id }, { files: [] }]) {
      await world.json('POST', '/v1/links', { ...by(world.ada, { body: wrong }), status: 422 })
    }
  })

  it('tell their use to whom they belong and to administrators, and to nobody else', async (t) => {
    const { world, link } = await setUp(t)
    const { id } = await link({ maxUses: 1 })
    for (const account of [world.ada, world.admin]) {
      await world.json('GET', `/v1/links/${id}`, by(account))
    }
    for (const account of [world.bob, world.eve]) {
      await world.json('GET', `/v1/links/${id}`, { ...by(account), status: 404 })
    }
  })
})

async function setUp(t: TestContext, environment: Record<string, string> = {}) {
  const world = await startWorld(t, environment)
  const hello = await world.helloOf(world.ada)
  const file = await fileOf(world, hello)
  return {
    world,
    hello,
    file,
    link: (body: object) =>
      world.json<LinkJson>('POST', `/v1/files/${file}/links`, {
        ...by(world.ada, { body }),
        status: 201,
      }),
    detail: (id: string) => world.json<LinkJson>('GET', `/v1/links/${id}`, by(world.ada)),
  }
}

async function fileOf(world: World, { id }: { id: string }): Promise<number> {
  const account = { headers: (await ownerOf(world, id)).headers }
  const { items } = await world.json<Page<{ number: number }>>(
    'GET',
    `/v1/deliveries/${id}/files`,
    account,
  )
  return items[0]?.number ?? 0
}

async function ownerOf(world: World, id: string) {
  const { ownerId } = await world.json<{ ownerId: string }>(
    'GET',
    `/v1/deliveries/${id}`,
    by(world.admin),
  )
  return ownerId === world.bob.id ? world.bob : world.ada
}
