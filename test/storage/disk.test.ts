import assert from 'node:assert/strict'
import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { type DiskStoreOptions, openDiskStore } from '../../src/storage/disk.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { describeObjectStore } from '../contracts/object-store.ts'
import { gather, inChunks, patternBytes } from '../support/bytes.ts'
import { countOpenFiles } from '../support/open-files.ts'
import { sized } from '../support/size.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

const run = promisify(execFile)
const fixtures = join(import.meta.dirname, '../fixtures')

describeObjectStore('a folder', async (t) => (await openIn(t)).store)
describeObjectStore(
  'a folder with one cached descriptor and no read on the main thread',
  async (t) => {
    return (await openIn(t, { descriptors: 1, syncReadBytes: 0 })).store
  },
)

const systemTellsDescriptors = { skip: process.platform !== 'linux' && 'only Linux tells' }

describe('descriptors of a disk store', systemTellsDescriptors, () => {
  it('stay within the bound, however many objects are read', async (t) => {
    const { store, folder } = await openIn(t, { descriptors: 8 })
    const count = sized(40, 2000)
    for (let index = 0; index < count; index++) {
      await store.put(`o/${index}`, inChunks(patternBytes(500, index)))
    }
    for (let index = 0; index < count; index++) {
      await gather(store.read(`o/${index}`, { start: 0, end: 500 }))
    }
    await until('that many files are open', () => countOpenFiles(folder) === 8)
  })

  it('serve the readers that have them when they are pushed out', async (t) => {
    const { store, folder } = await openIn(t, { descriptors: 2 })
    const bytes = patternBytes(800_000)
    const readers: AsyncIterator<Uint8Array>[] = []
    for (let index = 0; index < 10; index++) {
      await store.put(`o/${index}`, inChunks(bytes))
      const reader = store.read(`o/${index}`, { start: 0, end: bytes.length })
      readers.push(reader[Symbol.asyncIterator]())
    }
    const read = readers.map(async (reader) => {
      const chunks: Buffer[] = []
      for (let next = await reader.next(); !next.done; next = await reader.next()) {
        chunks.push(Buffer.from(next.value))
      }
      return Buffer.concat(chunks)
    })
    for (const result of await Promise.all(read)) assert.ok(result.equals(bytes))
    await until('that many files are open', () => countOpenFiles(folder) === 2)
  })

  it('are closed when the consumer stops early, the signal aborts or the read fails', async (t) => {
    const { store, folder } = await openIn(t, { descriptors: 1 })
    const bytes = patternBytes(900_000)
    for (let index = 0; index < 20; index++) await store.put(`o/${index}`, inChunks(bytes))
    const span = { start: 0, end: bytes.length }
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const controller = new AbortController()
        const small = { start: 5, end: 50 }
        for await (const _ of store.read(`o/${index}`, index % 3 === 0 ? small : span)) break
        const aborted = store.read(`o/${index}`, span, controller.signal)
        await assert.rejects(async () => {
          for await (const _ of aborted) controller.abort()
        })
        await assert.rejects(gather(store.read(`o/${index}`, { start: 0, end: 900_001 })))
      }),
    )
    await until('that many files are open', () => countOpenFiles(folder) === 1)
  })

  it('go with a removed object, so that its room is free', async (t) => {
    const { store, folder } = await openIn(t)
    await store.put('going', inChunks(patternBytes(1000)))
    await gather(store.read('going', { start: 0, end: 1000 }))
    assert.equal(countOpenFiles(folder), 1)
    await store.remove('going')
    await until('that many files are open', () => countOpenFiles(folder) === 0)
  })

  it('are closed when nobody has read them for a while', async (t) => {
    const { store, folder } = await openIn(t, { idleMilliseconds: 20 })
    await store.put('idle', inChunks(patternBytes(1000)))
    await gather(store.read('idle', { start: 0, end: 1000 }))
    await until('that many files are open', () => countOpenFiles(folder) === 0)
    assert.equal((await gather(store.read('idle', { start: 0, end: 1000 }))).length, 1000)
  })

  it('are closed with the store, the last with its reader', async (t) => {
    const { store, folder } = await openIn(t)
    await store.put('one', inChunks(patternBytes(900_000)))
    await store.put('two', inChunks(patternBytes(1000)))
    await gather(store.read('two', { start: 0, end: 1000 }))
    const reader = store.read('one', { start: 0, end: 900_000 })[Symbol.asyncIterator]()
    await reader.next()
    await store.close()
    assert.equal(countOpenFiles(folder), 1)
    assert.equal((await reader.next()).done, false)
    await reader.return?.()
    await until('that many files are open', () => countOpenFiles(folder) === 0)
    await assert.rejects(gather(store.read('two', { start: 0, end: 1000 })), /closed/)
  })

  it('are not left by puts that fail', async (t) => {
    const { store, folder } = await openIn(t)
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield patternBytes(300_000)
      throw new Error('no more')
    }
    for (let index = 0; index < 20; index++) await assert.rejects(store.put('x', failing()))
    assert.equal(countOpenFiles(folder), 0)
  })
})

describe('a disk store', () => {
  it('gives the same bytes to a reader that is fast, then slow, then fast', async (t) => {
    const { store } = await openIn(t)
    const block = patternBytes(1_000_003)
    const bytes = Buffer.concat(Array.from({ length: 44 }, () => block))
    await store.put('flow', inChunks(bytes, 1_000_000))
    const sizes = new Set<number>()
    let position = 7
    let isSlow = true
    for await (const chunk of store.read('flow', { start: position, end: bytes.length })) {
      sizes.add(chunk.byteLength)
      if (position > 18_000_000 && isSlow) {
        isSlow = false
        // As a client would that stops reading for a moment.
        await new Promise((resolve) => setTimeout(resolve, 60))
      }
      assert.ok(bytes.subarray(position, position + chunk.byteLength).equals(chunk))
      position += chunk.byteLength
    }
    assert.equal(position, bytes.length)
    assert.ok(sizes.size > 1, 'chunks of both sizes were given')
  })

  it('leaves nothing visible when its process is killed during a put', async (t) => {
    const { store, folder } = await openIn(t)
    const child = spawn(process.execPath, [join(fixtures, 'slow-put.ts'), folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.after(() => child.kill('SIGKILL'))
    const lines = createInterface(child.stdout)
    for (let line = 0; line < 3; line++) await once(lines, 'line')
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    assert.equal(await store.stat('victim'), null)
    assert.equal(readdirSync(join(folder, 'tmp')).length, 1)
    assert.equal(await store.removeAbandoned(Date.now() - 3_600_000), 0)
    assert.equal(await store.removeAbandoned(Date.now() + 3_600_000), 1)
    assert.deepEqual(readdirSync(join(folder, 'tmp')), [])
  })

  it('keeps what it holds for the next process, and for its own user alone', async (t) => {
    const { store, folder } = await openIn(t)
    await store.put('kept/here', inChunks(patternBytes(1000)))
    await store.close()
    const again = await openDiskStore(folder)
    t.after(() => again.close())
    const read = await gather(again.read('kept/here', { start: 0, end: 1000 }))
    assert.ok(read.equals(patternBytes(1000)))
    assert.equal(statSync(join(folder, 'objects/kept/here')).mode & 0o077, 0)
  })

  it('takes empty folders away with the last object in them', async (t) => {
    const { store, folder } = await openIn(t)
    await store.put('job/1-1/a', inChunks(patternBytes(1)))
    await store.put('job/2-1/a', inChunks(patternBytes(1)))
    await store.remove('job/1-1/a')
    assert.deepEqual(readdirSync(join(folder, 'objects/job')), ['2-1'])
    await store.remove('job/2-1/a')
    assert.deepEqual(readdirSync(join(folder, 'objects')), [])
    await store.put('job/1-1/a', inChunks(patternBytes(1)))
    assert.equal((await store.stat('job/1-1/a'))?.size, 1)
  })

  it('makes folders again that another process has taken away', async (t) => {
    const { store, folder } = await openIn(t)
    const other = await openDiskStore(folder)
    t.after(() => other.close())
    for (const name of ['a', 'b']) {
      await store.put(`job/1-1/${name}`, inChunks(patternBytes(1)))
      await other.remove(`job/1-1/${name}`)
      assert.deepEqual(readdirSync(join(folder, 'objects')), [])
    }
    await store.put('job/2-1/c', inChunks(patternBytes(1)))
    assert.equal((await other.stat('job/2-1/c'))?.size, 1)
  })

  it('follows no symbolic link out of its folder', async (t) => {
    const { store, folder } = await openIn(t)
    const outside = await temporaryFolder(t)
    writeFileSync(join(outside, 'secret'), 'not ours')
    mkdirSync(join(folder, 'objects/in'))
    symlinkSync(outside, join(folder, 'objects/out'))
    symlinkSync(join(outside, 'secret'), join(folder, 'objects/in/file'))
    for (const key of ['out/secret', 'in/file']) {
      await assert.rejects(gather(store.read(key, { start: 0, end: 8 })), key)
    }
    await assert.rejects(store.put('out/new', inChunks(patternBytes(8))), /symbolic link/)
    await assert.rejects(store.remove('out/secret'), /symbolic link/)
    await assert.rejects(store.stat('out/secret'), /symbolic link/)
    await assert.rejects(gather(store.read('out/new', { start: 0, end: 8 })))
    assert.equal(await store.stat('in/file'), null)
    for await (const { key } of store.list('')) assert.fail(`${key} was listed`)
    assert.deepEqual(readdirSync(outside), ['secret'])
    assert.deepEqual(readdirSync(join(folder, 'tmp')), [])
    assert.equal(countOpenFiles(outside) ?? 0, 0)
  })

  it('may itself be reached by a symbolic link', async (t) => {
    const real = await temporaryFolder(t)
    const other = await temporaryFolder(t)
    symlinkSync(real, join(other, 'link'))
    const store = await openDiskStore(join(other, 'link'))
    t.after(() => store.close())
    await store.put('a', inChunks(patternBytes(10)))
    assert.equal((await gather(store.read('a', { start: 0, end: 10 }))).length, 10)
  })

  it('passes over files that are not its own', async (t) => {
    const { store, folder } = await openIn(t)
    writeFileSync(join(folder, 'objects/.DS_Store'), 'x')
    writeFileSync(join(folder, 'objects/README.txt'), 'x')
    for await (const { key } of store.list('')) assert.fail(`${key} was listed`)
  })

  it('names a folder that cannot be used in one sentence', async (t) => {
    const folder = await temporaryFolder(t)
    writeFileSync(join(folder, 'file'), 'x')
    const path = join(folder, 'file/store')
    await assert.rejects(openDiskStore(path), (error: Error) => {
      assert.ok(error.message.includes(path), error.message)
      assert.match(error.message, /CLAIMCHECK_STORAGE_URL/)
      return true
    })
  })

  it('says in check() that it cannot be written to', async (t) => {
    const folder = await temporaryFolder(t)
    const sentences = process.getuid?.() === 0 ? await asNobody(folder) : await asOneself(folder)
    for (const sentence of sentences) {
      assert.match(sentence, /^The storage folder \S+ cannot be written to \(EACCES/)
    }
    assert.equal(sentences.length, 2)
  })

  it('says that the disk is full, keeps nothing of it, and works on', async (t) => {
    const folder = await temporaryFolder(t)
    const mount = `mount -t tmpfs -o size=4m none ${folder}`
    const inOwnNamespace = ['--user', '--map-root-user', '--mount', 'sh', '-c']
    if (spawnSync('unshare', [...inOwnNamespace, mount]).status !== 0) {
      t.skip('a small file system of one own needs user namespaces')
      return
    }
    const script = `${mount} && exec "$0" "$1" ${folder}`
    const { stdout } = await run('unshare', [
      ...inOwnNamespace,
      script,
      process.execPath,
      join(fixtures, 'full-disk.ts'),
    ])
    const said = JSON.parse(stdout) as Record<string, unknown>
    assert.equal(said.code, 'storage_full')
    assert.match(String(said.sentence), /has no room left \(ENOSPC\)/)
    assert.deepEqual(
      { keys: said.keys, abandoned: said.abandoned },
      { keys: ['small'], abandoned: 0 },
    )
  })
})

async function openIn(
  t: TestContext,
  options: DiskStoreOptions = {},
): Promise<{ store: ObjectStore; folder: string }> {
  const folder = await temporaryFolder(t)
  const store = await openDiskStore(folder, options)
  t.after(() => store.close())
  return { store, folder }
}

async function asNobody(folder: string): Promise<string[]> {
  // The folder is root's and closed to others; the way to it is not.
  const { stdout } = await run(process.execPath, [join(fixtures, 'unwritable-folder.ts'), folder])
  return JSON.parse(stdout) as string[]
}

async function asOneself(folder: string): Promise<string[]> {
  const store = await openDiskStore(folder)
  chmodSync(join(folder, 'tmp'), 0o500)
  chmodSync(folder, 0o500)
  const said = await store.check().catch((error: Error) => error.message)
  const opening = await openDiskStore(join(folder, 'new')).catch((error: Error) => error.message)
  chmodSync(folder, 0o700)
  chmodSync(join(folder, 'tmp'), 0o700)
  await store.close()
  return [String(said), String(opening)]
}
