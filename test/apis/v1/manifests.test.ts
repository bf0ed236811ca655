import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import {
  findAccount,
  reinstateAccount,
  suspendAccount,
} from '../../../src/core/accounts/accounts.ts'
import { hasTool, runTool } from '../../support/archive-tools.ts'
import { deliver, type GivenFile } from '../../support/archive-world.ts'
import { patternBytes, sha256 } from '../../support/bytes.ts'
import { newKey } from '../../support/keys.ts'
import { runMain } from '../../support/run-main.ts'
import { suiteCleanup } from '../../support/suite-cleanup.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { startTestServer, type TestAccount } from '../../support/test-server.ts'
import { until } from '../../support/until.ts'
import { by, type Page, startWorld, type World } from '../../support/v1-world.ts'

interface ManifestJson {
  id: string
  name: string
  files: number | null
  revokedAt: string | null
  urls: { json: string; metalink: string; aria2: string; wget: string; curl: string }
}

interface ListJson {
  name: string
  files: { number: number; name: string; size: number; sha256: string; url: string }[]
}

const big = patternBytes(3_000_000)
const files: GivenFile[] = [
  { name: 'big.bin', bytes: big },
  { name: 'Grüße, "mehr".txt', bytes: patternBytes(1000, 2) },
  { name: 'twin.txt', bytes: patternBytes(10, 3) },
  { name: 'TWIN.txt', bytes: patternBytes(20, 4) },
  { name: 'late.txt', bytes: null },
]
/** As they are saved: safe names, no two alike on any system. */
const saved = new Map([
  ['big.bin', big],
  ['Grüße, _mehr_.txt', patternBytes(1000, 2)],
  ['twin.txt', patternBytes(10, 3)],
  ['TWIN (1).txt', patternBytes(20, 4)],
])

/** The same for two nodes. */
const signing = { CLAIMCHECK_SIGNING_KEYS: newKey('shared') }

describe('a manifest', () => {
  const cleanup = suiteCleanup()
  let world: World

  before(async () => {
    world = await startWorld(cleanup, signing)
  })

  it('lists a delivery with sizes and digests, and each address leads to the bytes', async () => {
    const { urls } = await make(world.ada)
    const { files: listed } = await list(urls.json)
    assert.deepEqual(
      listed.map(({ name, size, sha256: digest }) => [name, size, digest]),
      [...saved].map(([name, bytes]) => [name, bytes.length, sha256(bytes)]),
    )
    for (const { url, name } of listed) {
      const led = await fetch(url, { redirect: 'manual' })
      assert.equal(led.status, 302)
      assert.match(led.headers.get('location') ?? '', /\/files\/\w+\/[^?]+\?Expires=/)
      const bytes = Buffer.from(await (await fetch(url)).arrayBuffer())
      assert.ok(bytes.equals(saved.get(name) ?? Buffer.alloc(0)), name)
    }
  })

  it('leads to a URL that is signed anew each time', async () => {
    const { urls } = await make(world.ada)
    const [first] = (await list(urls.json)).files
    const led = async () =>
      (await fetch(first?.url ?? '', { redirect: 'manual' })).headers.get('location')
    assert.notEqual(await led(), await led())
  })

  it('gives Metalink 4 with the digests of the pieces, the same the second time', async () => {
    const { urls } = await make(world.ada)
    const text = await (await fetch(urls.metalink)).text()
    const [, length, hashes = ''] =
      /<pieces length="(\d+)" type="sha-256">(.*)<\/pieces>/.exec(text) ?? []
    const pieces = [0, 1, 2].map((at) => big.subarray(at * 1_048_576, (at + 1) * 1_048_576))
    assert.equal(length, '1048576')
    assert.equal(hashes, pieces.map((piece) => `<hash>${sha256(piece)}</hash>`).join(''))
    assert.equal(text.match(/<pieces/g)?.length, 1)
    const again = await (await fetch(urls.metalink)).text()
    assert.ok(again.includes(hashes))
  })

  for (const { tool, words } of [
    {
      tool: 'aria2c',
      words: (urls: ManifestJson['urls']) => ['-q', '--follow-metalink=mem', urls.metalink],
    },
    { tool: 'aria2c', words: (_urls: ManifestJson['urls'], at: string) => ['-q', '-i', at] },
    { tool: 'wget', words: (_urls: ManifestJson['urls'], at: string) => ['-q', '-i', at] },
    { tool: 'curl', words: (_urls: ManifestJson['urls'], at: string) => ['-sS', '-K', at] },
  ]) {
    const form = words({ metalink: 'Metalink' } as ManifestJson['urls'], 'list').at(-1)
    it(`is taken by ${tool} (${form})`, { skip: !hasTool(tool) }, async (t) => {
      const { urls } = await make(world.ada)
      const folder = await temporaryFolder(t)
      const inFolder = join(folder, 'out')
      const document = { aria2c: urls.aria2, wget: urls.wget, curl: urls.curl }[tool] ?? ''
      const at = join(folder, 'list.txt')
      await writeFile(at, await (await fetch(document)).text())
      const script = 'mkdir -p "$0" && cd "$0" && exec "$@"'
      await runTool('sh', '-c', script, inFolder, tool, ...words(urls, at))
      assert.deepEqual((await readdir(inFolder)).toSorted(), [...saved.keys()].toSorted())
      for (const [name, bytes] of saved) {
        assert.ok((await readFile(join(inFolder, name))).equals(bytes), name)
      }
    })
  }

  it('is taken by claimcheck get, which writes its secret down nowhere', async (t) => {
    const { urls } = await make(world.ada)
    const secret = /manifests\/([^/]+)\//.exec(urls.json)?.[1] ?? ''
    for (const url of [urls.json, urls.metalink]) {
      const cwd = await temporaryFolder(t)
      const env = { XDG_CONFIG_HOME: join(cwd, 'config') }
      const { code, out, err } = await runMain(['get', url, '--to', 'out'], { cwd, env })
      assert.equal(code, 0, err)
      for (const [name, bytes] of saved) {
        assert.ok((await readFile(join(cwd, 'out', name))).equals(bytes), name)
      }
      const record = await readFile(join(cwd, 'out', '.claimcheck.json'), 'utf8')
      for (const text of [record, out, err]) assert.ok(!text.includes(secret))
      const verified = await runMain(['verify', 'out'], { cwd, env })
      assert.equal(verified.code, 0, verified.err)
    }
    await until('it is logged', () => JSON.stringify(world.server.log).includes('/v1/manifests/…/'))
    assert.ok(!JSON.stringify(world.server.log).includes(secret))
  })

  it('lists chosen files, and asks for the permission to each when it is made', async () => {
    const one = await give(world.ada)
    const bobs = await give(world.bob)
    const chosen = [one.numbers[2], one.numbers[0]]
    const { urls, files: count } = await post(world.ada, { files: chosen, name: 'some' }, 201)
    assert.equal(count, 2)
    const listed = await list(urls.json)
    assert.equal(listed.name, 'some')
    assert.deepEqual(
      listed.files.map(({ number }) => number),
      chosen,
    )
    await post(world.ada, { files: [...chosen, bobs.numbers[0]] }, 404)
    await post(world.eve, { delivery: one.delivery.id }, 404)
    for (const wrong of [{}, { files: chosen, delivery: one.delivery.id }]) {
      await post(world.ada, wrong, 422)
    }
    await post(world.ada, { files: chosen, lifetimeSeconds: 7_776_001 }, 422)
  })

  it('leads to no file that it does not list', async () => {
    const { urls } = await make(world.ada)
    const other = await give(world.ada)
    const beside = urls.json.replace('manifest.json', `files/${other.numbers[0]}/big.bin`)
    assert.equal((await fetch(beside)).status, 404)
    const forged = urls.json.replace(/manifests\/..../, 'manifests/AAAA')
    assert.equal((await fetch(forged)).status, 404)
  })

  it('is listed, and leads nowhere when it is revoked', async () => {
    const { id, urls } = await make(world.ada)
    const [first] = (await list(urls.json)).files
    const listing = () => world.json<Page<ManifestJson>>('GET', '/v1/manifests', by(world.ada))
    assert.ok((await listing()).items.some((item) => item.id === id && item.revokedAt === null))
    await world.json('DELETE', `/v1/manifests/${id}`, { ...by(world.bob), status: 404 })
    await world.ask('DELETE', `/v1/manifests/${id}`, by(world.ada))
    for (const url of [urls.json, urls.metalink, first?.url ?? '']) {
      const answer = await fetch(url)
      assert.equal(answer.status, 410)
      assert.match(await answer.text(), /was revoked/)
    }
    assert.ok((await listing()).items.some((item) => item.id === id && item.revokedAt !== null))
  })

  it('takes along what it has led to when it is revoked, on each node, and nothing else', async (t) => {
    const { folder } = world.server
    const other = await startTestServer(t, { folder, environment: signing })
    const { id, urls } = await make(world.ada)
    const left = await make(world.ada)
    const led = async (of: ManifestJson['urls']) => {
      const [first] = (await list(of.json)).files
      const answer = await fetch(first?.url ?? '', { redirect: 'manual' })
      return answer.headers.get('location') ?? ''
    }
    const [gone, stays] = [await led(urls), await led(left.urls)]
    const statuses = async (url: string) => {
      const nodes = [url, url.replace(world.server.url, other.url)]
      return await Promise.all(
        nodes.map(async (node) => (await fetch(node, { headers: { range: 'bytes=0-9' } })).status),
      )
    }
    assert.deepEqual(await statuses(gone), [206, 206])
    await world.ask('DELETE', `/v1/manifests/${id}`, by(world.ada))
    // Another process hears of it by a signal; on SQLite there is none, and it asks again each second.
    await until('both refuse', async () => (await statuses(gone)).every((status) => status === 403))
    assert.match(await (await fetch(gone)).text(), /This URL was revoked/)
    assert.deepEqual(await statuses(stays), [206, 206])
  })

  it('leads to nothing that is still open when it is revoked at the same moment', async () => {
    const { id, urls } = await make(world.ada)
    const [first] = (await list(urls.json)).files
    const leading = Array.from({ length: 20 }, () =>
      fetch(first?.url ?? '', { redirect: 'manual' }),
    )
    const revoking = world.ask('DELETE', `/v1/manifests/${id}`, by(world.ada))
    for (const answer of await Promise.all(leading)) {
      await revoking
      if (answer.status === 410) continue
      assert.equal(answer.status, 302)
      assert.equal((await fetch(answer.headers.get('location') ?? '')).status, 403)
    }
  })

  it('leads nowhere when its time is over, or while its maker is suspended', async () => {
    const { delivery } = await give(world.bob)
    const { urls } = await post(world.bob, { delivery: delivery.id }, 201)
    const short = await post(world.bob, { delivery: delivery.id, lifetimeSeconds: 1 }, 201)
    await until('it is over', async () => (await fetch(short.urls.json)).status === 410)
    await suspendAccount(world.server.core, 'system', world.bob.id)
    assert.equal((await fetch(urls.json)).status, 403)
    await reinstateAccount(world.server.core, 'system', world.bob.id)
    assert.equal((await fetch(urls.json)).status, 200)
  })

  async function give(account: TestAccount) {
    const { core } = world.server
    const owner = await findAccount(core, account.id)
    assert.ok(owner !== null)
    return await deliver(core, { owner, files })
  }

  async function post(account: TestAccount, body: object, status: number) {
    const sent = { ...by(account, { body }), status }
    return await world.json<ManifestJson>('POST', '/v1/manifests', sent)
  }

  async function make(account: TestAccount) {
    const { delivery } = await give(account)
    return await post(account, { delivery: delivery.id }, 201)
  }

  async function list(url: string): Promise<ListJson> {
    const answer = await fetch(url)
    assert.equal(answer.status, 200)
    return (await answer.json()) as ListJson
  }
})
