import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { fastify } from 'fastify'
import type { CompiledQuery } from 'kysely'
import { studiesApi, studiesPrefix } from '../../src/apis/studies/routes.ts'
import { setPassword } from '../../src/auth/issue.ts'
import { createKeyRing } from '../../src/auth/key-ring.ts'
import { createSignIn } from '../../src/auth/sign-in.ts'
import { findAccountByUsername } from '../../src/core/accounts/accounts.ts'
import type { Core } from '../../src/core/core.ts'
import { createPickupRecorder } from '../../src/core/pickups.ts'
import { publishDelivery } from '../../src/core/studies/publish-delivery.ts'
import { listStudyFiles } from '../../src/core/studies/study-listing.ts'
import { principalOfAccount, seedAccount } from '../support/accounts.ts'
import { sized } from '../support/size.ts'
import { basic, bytesOf, publish, startStudies, toPath } from '../support/studies.ts'
import { openTestCore } from '../support/test-core.ts'
import { until } from '../support/until.ts'

const COUNT = sized(20_000, 1_000_000)
const PAGE = 1000
const FIRST_PAGE = 50

describe('names in the studies API', () => {
  it('survive the round trip: listed, fetched by their URL, saved', async (t) => {
    const { core, list, ask } = await startStudies(t)
    const nasty = [' ', '.a', '...', '%', '%2F', '%00', '+', 'a+b', '?', '#', '&a=b', ';v=1', '\\']
    nasty.push(
      "'",
      '"',
      '`$(id)`',
      '∕',
      '／',
      '⁄',
      '%252F',
      'é',
      'e\u0301',
      '💾',
      'ﬃ',
      '\u202egpj',
      '~',
    )
    const name = fc.oneof(
      fc.constantFrom(...nasty),
      fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
      fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }),
    )
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are refused
    const possible = name.filter((text) => !/[\x00-\x1f\x7f/]|^\.\.?$/.test(text))
    let round = 0
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(possible, { minLength: 1, maxLength: 12 }), async (names) => {
        round += 1
        const path = `HAUC/S #1/D ${round}%`
        await publish(core, path, Object.fromEntries(names.map((one) => [one, `<${one}>`])))
        const listed = await list(`/${path.split('/').map(encodeURIComponent).join('/')}/`)
        assert.deepEqual(listed.map((file) => file.file_name).sort(), [...names].sort())
        for (const { url, file_name } of listed) {
          assert.match(url, /^http:\/\/127\.0\.0\.1:\d+(?:\/[A-Za-z0-9._~%-]+){6}$/)
          const answer = await ask(url)
          assert.equal(answer.status, 200, url)
          assert.equal(await answer.text(), `<${file_name}>`)
        }
      }),
      { numRuns: sized(4, 200) },
    )
  })
})

describe(`a listing of ${COUNT.toLocaleString('en')} files`, () => {
  it('begins after one page, waits for its reader, and ends when he leaves', async (t) => {
    const { core, pages, open } = await setUp(t, await openTestCore(t))
    await fill(core, { count: sized(20_000, 100_000), length: 200 })
    pages.read = 0
    const { socket, first } = await open('/api_file/v1/acme/S/')
    assert.match(first.toString('latin1'), /^HTTP\/1\.1 200 .*\r\n\r\n[0-9a-f]+\r\n\[\{/s)
    // Its reader is in this process, too, and hears of the first byte a few writes later.
    assert.ok(pages.read <= 5, `${pages.read} pages were read before the first byte`)
    // Nobody reads on: what the network buffers is all that is ever read. 34 MB and more would fit nowhere.
    let waiting = 0
    while (waiting < pages.read) {
      waiting = pages.read
      assert.ok(waiting < sized(20, 100) / 2, `${waiting} pages were read for nobody`)
      await others(open, 20)
    }
    socket.destroy()
    await until('it has heard', () => pages.open === 0)
    assert.ok(pages.read <= waiting + 1)
  })

  it('can be sent from its first page on, which is short and one look-up', async (t) => {
    const { core, pages } = await setUp(t, await openTestCore(t))
    await fill(core, { count: 3000, length: 12 })
    const account = await findAccountByUsername(core, 'ada')
    assert.ok(account !== null)
    pages.read = 0
    const listing = await listStudyFiles(core, principalOfAccount(account), {
      organization: 'acme',
    })
    const sequence = listing.pages()
    const { value } = await sequence.next()
    assert.equal(value?.length, FIRST_PAGE)
    assert.equal(pages.read, 1)
  })

  // To publish a million takes longer than to list them.
  const timeout = sized(240_000, 1_800_000)
  it('needs the memory of a page, and shows each file once, newest first', {
    timeout,
  }, async (t) => {
    const { core, open, pages } = await setUp(t, await openTestCore(t))
    await fill(core, { count: COUNT, length: 12 })
    pages.read = 0
    const used = createMeter()
    const { socket, first } = await open('/api_file/v1/acme/')
    const seen = createReader()
    seen.take(first)
    let chunks = 0
    for await (const chunk of socket) {
      seen.take(chunk as Buffer)
      if (++chunks % 64 === 0) used.look()
      if (seen.ended) break
    }
    assert.equal(seen.files, COUNT)
    assert.equal(seen.outOfOrder, 0)
    assert.equal(pages.read, 1 + Math.ceil((COUNT - FIRST_PAGE) / PAGE))
    // A page is about 0.3 MB of text; the whole is 230 bytes a file.
    assert.ok(used.most < 32 * 1024 * 1024, `${Math.round(used.most / 1024 / 1024)} MB more`)
  })
})

/** The real API on a socket, and how many pages its queries have read. */
async function setUp(t: TestContext, plain: Core) {
  const pages = { read: 0, open: 0 }
  const { database } = plain
  const core: Core = {
    ...plain,
    database: {
      ...database,
      async read<Row>(query: CompiledQuery<Row>) {
        const rows = await database.read(query)
        const [row] = rows
        if (typeof row === 'object' && row !== null && 'delivery_name' in row) pages.read += 1
        return rows
      },
    },
  }
  const { id } = await seedAccount(core, 'ada', { permissions: ['study:*'] })
  await setPassword(core, { actor: 'system', accountId: id }, 'a password of hers')
  const keys = createKeyRing([{ id: 'test', secret: randomBytes(32) }])
  const pickups = createPickupRecorder(core, () => {})
  const context = { core, signIn: createSignIn(core, keys), signingKeys: keys, pickups }
  const app = fastify({ forceCloseConnections: true })
  app.addHook('onRequest', async (_request, reply) => {
    pages.open += 1
    reply.raw.once('close', () => {
      pages.open -= 1
    })
  })
  await app.register(
    studiesApi({ ...context, publicUrl: null }, { profile: 'documented', dateOffset: 0 }),
    { prefix: studiesPrefix },
  )
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.after(async () => {
    await app.close()
    await pickups.close()
  })
  const address = app.server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const { authorization } = basic('ada', 'a password of hers')
  /** Sends a request and reads no further than the first bytes of the answer's body. */
  async function open(path: string): Promise<{ socket: Socket; first: Buffer }> {
    const socket = connect(port, '127.0.0.1')
    t.after(() => socket.destroy())
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\n\r\n`)
    const gathered: Buffer[] = []
    for (;;) {
      await new Promise((resolve) => socket.once('readable', resolve))
      const chunk = socket.read(4096) ?? socket.read()
      if (chunk !== null) gathered.push(chunk)
      const first = Buffer.concat(gathered)
      if (/\r\n\r\n.{10}/s.test(first.toString('latin1'))) return { socket, first }
    }
  }
  return { core, pages, open }
}

type Open = Awaited<ReturnType<typeof setUp>>['open']

/** Other requests meanwhile: when they are answered, the listing had every chance to read on. */
async function others(open: Open, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const { socket } = await open('/api_file/v1/acme/EMPTY/E/none')
    socket.destroy()
  }
}

/** Many files that show the same bytes. */
async function fill(core: Core, { count, length }: { count: number; length: number }) {
  await publishDelivery(core, 'system', {
    ...toPath('acme/S/D'),
    files: [{ name: 'first', bytes: bytesOf('x') }],
  })
  const { stored_file_id: storedFileId } = await core.database.kysely
    .selectFrom('delivery_files')
    .select('stored_file_id')
    .executeTakeFirstOrThrow()
  const bytes = { storedFileId: storedFileId ?? '' }
  function* files() {
    for (let index = 1; index < count; index += 1) {
      yield { name: `é${index}`.padEnd(length, 'é'), bytes }
    }
  }
  const { added } = await publishDelivery(core, 'system', { ...toPath('acme/S/D'), files: files() })
  assert.equal(added, count - 1)
}

/** How much more memory is in use than at its making, at the most; garbage that waits to be collected is not in use. */
function createMeter() {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const inUse = () => {
    collect()
    const { heapUsed, arrayBuffers, external } = process.memoryUsage()
    return heapUsed + arrayBuffers + external
  }
  const before = inUse()
  return {
    most: 0,
    look() {
      this.most = Math.max(this.most, inUse() - before)
    },
  }
}

/** Counts the files of an answer as it comes, and looks whether their dates fall. */
function createReader() {
  let rest = ''
  let last = '9'
  return {
    files: 0,
    outOfOrder: 0,
    ended: false,
    take(chunk: Buffer) {
      const text = rest + chunk.toString('latin1')
      const dates = text.matchAll(/"file_last_modified_date":"([^"]+)"/g)
      let end = 0
      for (const match of dates) {
        const [whole, date = ''] = match
        if (date > last) this.outOfOrder += 1
        last = date
        this.files += 1
        end = match.index + whole.length
      }
      rest = text.slice(Math.max(end, text.length - 200))
      this.ended = /\]\r\n0\r\n\r\n$/.test(text)
    },
  }
}
