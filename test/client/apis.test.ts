import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { createClient } from '../../src/client/create-client.ts'
import type { Credentials } from '../../src/client/credentials.ts'
import { makeLinks } from '../../src/client/make-links.ts'
import { putFile } from '../../src/client/put-file.ts'
import { requestDelivery } from '../../src/client/request-delivery.ts'
import { wait } from '../../src/client/wait.ts'
import { get } from '../support/get.ts'
import { newOrder, setUpPortOrders } from '../support/port-orders.ts'
import { publish as publishProduct } from '../support/products.ts'
import { unwrapSnapshots } from '../support/snapshots.ts'
import { publish as publishStudy, startStudies } from '../support/studies.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { createTestAccount, startTestServer } from '../support/test-server.ts'
import { by, startWorld } from '../support/v1-world.ts'

/** A manifest of what was got into a folder, by the addresses that its record has. */
async function listOf(folder: string): Promise<string> {
  const record = JSON.parse(await readFile(join(folder, '.claimcheck.json'), 'utf8'))
  const files: [string, { size: number; source: string }][] = Object.entries(record.files)
  return JSON.stringify({
    files: files.map(([name, { size, source }]) => ({ name, size, url: source })),
  })
}

function clientOf(url: string, credentials: Credentials) {
  // As patient as a person, in a shorter time.
  return createClient({ url, credentials, wait: (ms, signal) => wait(Math.min(ms, 20), signal) })
}

async function firstOf<Item>(items: AsyncIterable<Item>): Promise<Item | undefined> {
  for await (const item of items) return item
  return undefined
}

async function contents(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && entry.name !== '.claimcheck.json')
  const read = files.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name)
    return [path.slice(folder.length + 1), await readFile(path, 'utf8')]
  })
  return Object.fromEntries(await Promise.all(read))
}

describe('getFiles() at our own API', () => {
  it('asks, waits, fetches, and does nothing the second time', async (t) => {
    const { server, ada } = await startWorld(t)
    const client = clientOf(server.url, { kind: 'bearer', token: ada.token })
    const url = await requestDelivery(client, server.url, { type: 'hello' })
    const folder = await temporaryFolder(t)
    const first = await get(client, url, { folder })
    assert.equal(first.report.standing, 'done')
    assert.deepEqual(await contents(folder), { 'hello.txt': 'Hello\n' })
    const second = await get(client, url, { folder })
    assert.deepEqual([second.report.fetched, second.report.kept], [0, 1])
    await writeFile(join(folder, 'hello.txt'), 'Jello\n')
    const third = await get(client, url, { folder })
    assert.deepEqual([third.report.fetched, third.report.kept], [1, 0])
    assert.deepEqual(await contents(folder), { 'hello.txt': 'Hello\n' })
  })

  it('signs in by password, key pair and client, and fetches an archive', async (t) => {
    const { server, ada, helloOf } = await startWorld(t)
    const { id } = await helloOf(ada)
    const { clientId, clientSecret } = ada
    const tokenUrl = `${server.url}/oauth2/token`
    const narrow = clientOf(server.url, {
      kind: 'client-credentials',
      ...{ tokenUrl, clientId, clientSecret },
      scope: 'download:hello',
    })
    const alone = await temporaryFolder(t)
    await get(narrow, `${server.url}/v1/deliveries/${id}`, { folder: alone })
    assert.deepEqual(await contents(alone), { 'hello.txt': 'Hello\n' })
    for (const credentials of [
      { kind: 'basic', user: ada.username, password: ada.password },
      { kind: 'basic', user: ada.accessKey, password: ada.secretKey },
    ] as const) {
      const folder = await temporaryFolder(t)
      const client = clientOf(server.url, credentials)
      const url = `${server.url}/v1/deliveries/${id}`
      const { report } = await get(client, url, { folder, archive: true })
      assert.deepEqual(
        report.failed.map(({ error }) => error.message),
        [],
      )
      const [name = ''] = Object.keys(await contents(folder))
      assert.match(name, /\.zip$/)
    }
  })

  it('stops at what failed and what was cancelled', async (t) => {
    const { server, ada, reportOf, json } = await startWorld(t)
    const client = clientOf(server.url, { kind: 'bearer', token: ada.token })
    const folder = await temporaryFolder(t)
    const failing = await requestDelivery(client, server.url, { type: 'failing' })
    assert.equal((await get(client, failing, { folder })).report.standing, 'failed')
    const { id } = await reportOf(ada)
    const url = `${server.url}/v1/deliveries/${id}`
    const ready = await get(client, url, { folder, allReady: true })
    assert.deepEqual([ready.report.standing, ready.report.fetched], ['waiting', 0])
    await json('POST', `/v1/deliveries/${id}/cancel`, by(ada))
    assert.equal((await get(client, url, { folder })).report.standing, 'canceled')
  })

  it('hands out links, and gets a file by one', async (t) => {
    const { server, ada, helloOf } = await startWorld(t)
    const { id } = await helloOf(ada)
    const client = clientOf(server.url, { kind: 'bearer', token: ada.token })
    const wish = { lifetimeSeconds: 60, maxUses: 1, networks: ['127.0.0.1'] }
    const made = makeLinks(client, `${server.url}/v1/deliveries/${id}`, wish)
    const link = await firstOf(made)
    assert.equal(link?.name, 'hello.txt')
    const folder = await temporaryFolder(t)
    await get(clientOf(server.url, { kind: 'none' }), link?.url ?? '', { folder })
    assert.deepEqual(await contents(folder), { 'hello.txt': 'Hello\n' })
    assert.equal((await fetch(link?.url ?? '')).status, 403)
  })
})

describe('getFiles() at the downloads API', () => {
  it('polls until it is done', async (t) => {
    const { server, ada } = await startWorld(t)
    const client = clientOf(server.url, { kind: 'bearer', token: ada.token })
    const url = await requestDelivery(client, `${server.url}/api/downloads`, { type: 'hello' })
    assert.match(url, /\/api\/downloads\/[^/]+$/)
    const folder = await temporaryFolder(t)
    const { report } = await get(client, url, { folder })
    assert.deepEqual([report.standing, report.fetched], ['done', 1])
    assert.deepEqual(await contents(folder), { 'hello.txt': 'Hello\n' })
    assert.equal((await get(client, url, { folder })).report.kept, 1)
  })
})

for (const profile of ['documented', 'shipped']) {
  describe(`getFiles() at the orders API, ${profile}`, () => {
    it('picks up what is ready, so that a blocked order goes on to its end', async (t) => {
      const { server, core, client } = await startOrders(t, profile)
      const expected: Record<string, string> = {}
      for (let number = 0; number < 7; number += 1) {
        expected[`file-${number}.txt`] = `the ${number}th`
        const files = { [`file-${number}.txt`]: `the ${number}th` }
        await publishProduct(core, { id: `p${number}`, files })
      }
      const url = await requestDelivery(client, `${server.url}/api/v1/rs-order`, {
        queries: ['*:*'],
      })
      const folder = await temporaryFolder(t)
      const { report, events } = await get(client, url, { folder })
      assert.deepEqual([report.standing, report.fetched], ['done', 7])
      assert.deepEqual(await contents(folder), expected)
      // Two sub-orders at a time, of one file each: it must have come in several turns.
      const turns = unwrapSnapshots(events).filter(({ files }) => files.length > 0)
      assert.ok(turns.length >= 3, `${turns.length} turns`)
      const again = await get(client, url, { folder })
      assert.deepEqual([again.report.standing, again.report.fetched], ['done', 0])
    })

    it('frees a blocked order though copies of its files are here already', async (t) => {
      const { server, core, client, ada } = await startOrders(t, profile)
      for (const id of ['a', 'b', 'c', 'd', 'e']) {
        await publishProduct(core, { id, files: { [`${id}.txt`]: id } })
      }
      const base = `${server.url}/api/v1/rs-order`
      const folder = await temporaryFolder(t)
      const first = await requestDelivery(client, base, { queries: ['*:*'] })
      assert.equal((await get(client, first, { folder })).report.fetched, 5)
      const second = await requestDelivery(client, base, { queries: ['*:*'] })
      assert.equal((await get(client, second, { folder })).report.standing, 'done')
      // At our own API, whose listing has digests by which the copies are known.
      const third = await requestDelivery(client, base, { queries: ['*:*'] })
      const number = third.split('/').at(-1)
      const answer = await fetch(`${server.url}/v1/orders/${number}`, { headers: ada.headers })
      const { deliveryId } = (await answer.json()) as { deliveryId: string }
      const ours = clientOf(server.url, { kind: 'bearer', token: ada.token })
      const url = `${server.url}/v1/deliveries/${deliveryId}`
      const { report } = await get(ours, url, { folder })
      assert.deepEqual([report.standing, report.failed], ['done', []])
    })
  })
}

async function startOrders(t: TestContext, profile: string) {
  const server = await startTestServer(t, {
    environment: {
      CLAIMCHECK_ORDERS_PROFILE: profile,
      CLAIMCHECK_ORDER_BATCH_FILES: '1',
      CLAIMCHECK_ORDER_BATCHES_AT_ONCE: '2',
    },
  })
  const ada = await createTestAccount(server.core, 'ada', { permissions: ['order'] })
  const client = clientOf(server.url, {
    kind: 'password-grant',
    tokenUrl: `${server.url}/api/v1/rs-authentication/oauth/token?scope=acme`,
    user: ada.username,
    password: ada.password,
  })
  return { server, core: server.core, client, ada }
}

describe('getFiles() at the studies API', () => {
  it('fetches a listing of any depth as a tree or flat, filtered', async (t) => {
    const { server, core, ada } = await startStudies(t)
    await publishStudy(core, 'HAUC/HAUC-3/HAUC-3-1', { 'f 1.csv': 'one', 'é#?.txt': 'two' })
    await publishStudy(core, 'HAUC/HAUC-3/HAUC-3-2', { 'f 1.csv': 'three' })
    const user = { kind: 'basic', user: ada.username, password: ada.password } as const
    const client = clientOf(server.url, user)
    const tree = await temporaryFolder(t)
    await get(client, `${server.url}/api_file/v1/HAUC/`, { folder: tree })
    assert.deepEqual(await contents(tree), {
      'HAUC/HAUC-3/HAUC-3-1/f 1.csv': 'one',
      'HAUC/HAUC-3/HAUC-3-1/é#_.txt': 'two',
      'HAUC/HAUC-3/HAUC-3-2/f 1.csv': 'three',
    })
    const flat = await temporaryFolder(t)
    const options = { folder: flat, layout: 'flat', include: ['*.csv'] } as const
    await get(client, `${server.url}/api_file/v1/HAUC/HAUC-3`, options)
    assert.deepEqual(Object.keys(await contents(flat)).toSorted(), ['f 1 (2).csv', 'f 1.csv'])
    const again = await get(client, `${server.url}/api_file/v1/HAUC/HAUC-3`, options)
    assert.deepEqual([again.report.fetched, again.report.kept], [0, 2])
    const planned = await get(client, `${server.url}/api_file/v1/HAUC/HAUC-3/HAUC-3-1/`, {
      folder: await temporaryFolder(t),
      dryRun: true,
    })
    assert.equal(planned.events.filter(({ type }) => type === 'planned').length, 2)
  })
})

describe('getFiles() at the imports API', () => {
  for (const prefix of ['/api/v1', '/api/v1/upload/api/v1']) {
    it(`uploads to ${prefix}, polls, and fetches the result`, async (t) => {
      const server = await startTestServer(t)
      const ada = await createTestAccount(server.core, 'ada', { permissions: ['rostering'] })
      const client = clientOf(server.url, {
        kind: 'client-credentials',
        tokenUrl: `${server.url}/api/v1/upload/v1/oauth2/tokens`,
        clientId: ada.clientId,
        clientSecret: ada.clientSecret,
        scope: 'rostering',
      })
      const bytes = new Blob(['group_name,group_description\nG1,First\n'])
      const upload = `${server.url}${prefix}/upload`
      const url = await putFile(client, upload, { name: 'groups.csv', bytes })
      assert.ok(url?.startsWith(`${server.url}${prefix}/status/`), String(url))
      const folder = await temporaryFolder(t)
      const { report } = await get(client, url ?? '', { folder })
      assert.deepEqual([report.standing, report.fetched], ['done', 1])
      const [text] = Object.values(await contents(folder))
      assert.match(text ?? '', /G1/)
      const listed = await temporaryFolder(t)
      await get(client, server.url, { folder: listed, text: await listOf(folder) })
      assert.deepEqual(Object.values(await contents(listed)), [text])
    })
  }
})

describe('getFiles() at the port orders API', () => {
  it('puts a document in two steps and gets it in two', async (t) => {
    const { url: base, ada, api } = await setUpPortOrders(t)
    const client = clientOf(base, { kind: 'basic', user: ada.accessKey, password: ada.secretKey })
    const { body } = await api('POST', '', ada, newOrder())
    const order = `${base}/v2/portorders/${body.data.id}`
    const bytes = new Blob(['%PDF-1.4 bill'])
    const document = await putFile(client, order, { name: 'my bill.pdf', bytes })
    assert.ok(document?.startsWith(`${order}/files/`), String(document))
    for (const url of [order, document ?? '']) {
      const folder = await temporaryFolder(t)
      const { report } = await get(client, url, { folder })
      assert.deepEqual([report.standing, report.fetched], ['done', 1])
      assert.deepEqual(await contents(folder), { 'my bill.pdf': '%PDF-1.4 bill' })
      const listed = await temporaryFolder(t)
      await get(client, base, { folder: listed, text: await listOf(folder) })
      assert.deepEqual(await contents(listed), { 'my bill.pdf': '%PDF-1.4 bill' })
    }
    const looks = client.open(order).watch({ once: true, withoutFiles: true })
    const look = await firstOf(looks)
    assert.equal(look?.standing, 'waiting')
  })
})
