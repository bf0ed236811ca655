import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { suspendAccount } from '../../src/core/accounts/accounts.ts'
import { createOrdersClient } from '../support/orders-client.ts'
import { publish } from '../support/products.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { createTestAccount, startTestServer } from '../support/test-server.ts'
import { until, untilFound } from '../support/until.ts'

const run = promisify(execFile)

describe("an order's Metalink", () => {
  it('lets aria2 take every file and check it, and counts them as delivered', async (t) => {
    const { ada, id, call, metalink, available } = await setUp(t)
    assert.equal(metalink.headers.get('content-type'), 'application/metalink+xml')
    const disposition = /^attachment;filename=order_\d+_[^"]+\.metalink$/
    assert.match(metalink.headers.get('content-disposition') ?? '', disposition)
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'o.metalink'), metalink.body)
    try {
      await run('aria2c', ['--no-conf', '-M', join(folder, 'o.metalink'), '-d', folder])
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ENOENT') throw error
      return t.skip('aria2c is not installed')
    }
    const names = (await readdir(folder)).filter((name) => name !== 'o.metalink')
    // aria2 does not resolve the reference to "&" in an attribute.
    const resolved = names.map((name) => name.replace('&#38;', '&')).sort()
    assert.deepEqual(resolved, ['a & b.txt', 'a.txt', 'same (1).txt', 'same.txt'])
    assert.equal(await readFile(join(folder, 'same (1).txt'), 'utf8'), 'other')
    await until('all are delivered', async () => {
      const { body } = await available(ada, id)
      return body.metadata.totalElements === 0
    })
    assert.equal((await available(ada, id)).status, 200)
    await call(ada, `/rs-order/user/orders/${id}`, { method: 'DELETE' })
    const gone = await call(ada, `/rs-order/user/orders/${id}/metalink/download`)
    assert.equal(gone.status, 404)
  })

  it('is refused by aria2 where a hash is not that of the bytes', async (t) => {
    const { metalink } = await setUp(t)
    const folder = await temporaryFolder(t)
    const forged = metalink.body.replace(/<hash type="sha256">./g, '<hash type="sha256">g')
    const wrong = forged.replace(/<hash type="sha256">g(.)/g, '<hash type="sha256">0$1')
    await writeFile(join(folder, 'o.metalink'), wrong)
    const options = ['--no-conf', '-M', join(folder, 'o.metalink'), '-d', folder]
    await run('aria2c', options).then(
      () => assert.fail('aria2 took files with wrong hashes'),
      (error: { code?: unknown }) => {
        if (error.code === 'ENOENT') return t.skip('aria2c is not installed')
        assert.notEqual(error.code, 0)
      },
    )
  })

  it('has links that open one order each, by GET and HEAD, as long as its owner may sign in', async (t) => {
    const { server, core, ada, id, call, metalink, order } = await setUp(t)
    const link = /<url type="http">([^<]+)</.exec(metalink.body)?.[1] ?? ''
    const head = await call(null, link, { method: 'HEAD' })
    assert.deepEqual([head.status, head.headers.get('content-length')], [200, '3'])
    assert.equal((await call(null, link)).body, 'abc')
    const [path, query] = link.split('?')
    for (const [what, target, status] of [
      ['no token', path, 401],
      ['a broken token', `${link}x`, 401],
      ["an account's token", `${path}?orderToken=${ada.token}`, 401],
      ['another file', `${path?.replace(/\d+$/, '999')}?${query}`, 404],
    ] as const) {
      assert.equal((await call(null, target ?? '')).status, status, what)
    }
    const other = await order(ada, 'productId:a')
    const found = await untilFound('its file is listed', async () => {
      const { body } = await call<{ content: { content: { id: number } }[] }>(
        ada,
        `/rs-order/orders/${other}/dataset/2/files`,
      )
      return body.content[0]?.content.id ?? null
    })
    const crossed = `${path?.replace(/\d+$/, String(found))}?${query}`
    assert.ok([202, 403].includes((await call(null, crossed)).status))
    const whole = `/rs-order/user/orders/metalink/download?${query}`
    assert.equal((await call<string>(null, whole)).status, 200)
    assert.equal((await call(null, '/rs-order/orders/metalink/download')).status, 401)
    // The token is no sign-in.
    const asSignIn = `${server.url}/api/v1/rs-order/orders/${id}?token=${query?.slice(11)}`
    assert.equal((await call(null, asSignIn)).status, 401)
    await suspendAccount(core, 'system', ada.id)
    assert.equal((await call(null, link)).status, 401)
  })
})

describe("an order's archive", () => {
  it('holds what is available, with its exact length, and counts it as delivered', async (t) => {
    const { server, ada, id, available, call } = await setUp(t)
    const url = `${server.url}/api/v1/rs-order/user/orders/${id}/download`
    const first = await fetch(url, { headers: { ...ada.headers, range: 'bytes=0-99' } })
    assert.equal(first.status, 206)
    const disposition = /^attachment;filename=order_\d+_[-\dT_.]+Z\.zip$/
    assert.match(first.headers.get('content-disposition') ?? '', disposition)
    const etag = first.headers.get('etag') ?? ''
    const start = Buffer.from(await first.arrayBuffer())
    const rest = await fetch(url, {
      headers: { ...ada.headers, range: 'bytes=100-', 'if-range': etag },
    })
    assert.equal(rest.status, 206)
    const whole = Buffer.concat([start, Buffer.from(await rest.arrayBuffer())])
    const total = Number(first.headers.get('content-range')?.split('/')[1])
    assert.equal(whole.length, total)
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'o.zip'), whole)
    try {
      await run('unzip', ['-q', join(folder, 'o.zip'), '-d', folder])
      const names = (await readdir(folder)).filter((name) => name !== 'o.zip')
      assert.deepEqual(names.sort(), ['a & b.txt', 'a.txt', 'same (1).txt', 'same.txt'])
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ENOENT') throw error
      t.diagnostic('unzip is not installed')
    }
    await until('all are delivered', async () => {
      const { body } = await available(ada, id)
      return body.metadata.totalElements === 0
    })
    assert.equal((await call(ada, `/rs-order/orders/${id}/download`)).status, 204)
  })

  it('tells its digest to who asks, and nothing of it is delivered by that', async (t) => {
    const { server, ada, id, available } = await setUp(t)
    const url = `${server.url}/api/v1/rs-order/user/orders/${id}/download`
    const ask = (method: string, more: Record<string, string> = {}) =>
      fetch(url, {
        method,
        headers: { ...ada.headers, 'want-repr-digest': 'sha-256=1', ...more },
      })
    const head = await ask('HEAD')
    const digest = head.headers.get('repr-digest')
    assert.equal((await available(ada, id)).body.metadata.totalElements, 4)
    const etag = head.headers.get('etag') ?? ''
    const whole = await ask('GET', { 'if-match': etag })
    const sha256 = createHash('sha256')
      .update(await whole.bytes())
      .digest('base64')
    assert.equal(digest, `sha-256=:${sha256}:`)
    await until('all are delivered', async () => {
      const { body } = await available(ada, id)
      return body.metadata?.totalElements === 0
    })
    const after = await ask('HEAD', { 'if-match': etag })
    assert.deepEqual([after.status, after.headers.get('repr-digest')], [200, digest])
  })

  it('goes on by its entity tag after files of it were picked up, at another node, too', async (t) => {
    const { server, ada, id, available } = await setUp(t)
    const other = await startTestServer(t, { folder: server.folder })
    const path = `/api/v1/rs-order/user/orders/${id}/download`
    const ask = (node: string, headers: Record<string, string>) =>
      fetch(node + path, { headers: { ...ada.headers, ...headers } })
    const left = async () => (await available(ada, id)).body.metadata?.totalElements ?? 0
    const first = await ask(server.url, { range: 'bytes=0-99' })
    const etag = first.headers.get('etag') ?? ''
    const start = Buffer.from(await first.arrayBuffer())
    await until('a file is delivered', async () => (await left()) < 4)
    const fresh = await ask(server.url, { range: 'bytes=0-0' })
    assert.notEqual(fresh.headers.get('etag'), etag)
    await fresh.arrayBuffer()
    const whole = await ask(other.url, { 'if-match': etag })
    assert.equal(whole.status, 200)
    const bytes = Buffer.from(await whole.arrayBuffer())
    assert.ok(bytes.subarray(0, 100).equals(start))
    await until('all are delivered', async () => (await left()) === 0)
    for (const node of [server.url, other.url]) {
      const rest = await ask(node, { range: 'bytes=100-', 'if-range': etag })
      assert.equal(rest.status, 206)
      assert.ok(Buffer.from(await rest.arrayBuffer()).equals(bytes.subarray(100)))
      assert.equal((await ask(node, { 'if-none-match': etag })).status, 304)
      const same = await ask(node, { 'if-match': etag, range: 'bytes=-22' })
      assert.ok(Buffer.from(await same.arrayBuffer()).equals(bytes.subarray(-22)))
      assert.equal((await ask(node, {})).status, 204)
    }
  })
})

async function setUp(t: TestContext) {
  const server = await startTestServer(t)
  const { core } = server
  const ada = await createTestAccount(core, 'ada', { permissions: ['order'] })
  await publish(core, { id: 'a', files: { 'a.txt': 'abc', 'same.txt': 'same' } })
  await publish(core, { id: 'b', files: { 'same.txt': 'other', 'a & b.txt': '' } })
  const client = createOrdersClient(server.url)
  const id = await client.order(ada, '*:*')
  await until('the order is ready', async () => {
    const { body } = await client.available(ada, id)
    return body.metadata?.totalElements === 4
  })
  const target = `/rs-order/user/orders/${id}/metalink/download`
  const metalink = await client.call<string>(ada, target)
  return { server, core, ada, id, metalink, ...client }
}
