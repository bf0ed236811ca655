import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { gather, inChunks, patternBytes } from '../support/bytes.ts'
import { sized } from '../support/size.ts'

/** A fresh, empty store that goes with the test. */
export type OpenStore = (t: TestContext) => Promise<ObjectStore>

/**
 * What every engine behind the storage seam must hold.
 * @param largeMiB the size of the largest object; beyond 4 GiB at full size when it is not said
 */
export function describeObjectStore(
  name: string,
  open: OpenStore,
  largeMiB = sized(24, 4200),
): void {
  describe(`${name} as an object store`, () => {
    describePut(open)
    describeRead(open, largeMiB)
    describeKeeping(open)
  })
}

function describePut(open: OpenStore): void {
  describe('put()', () => {
    it('stores bytes that come back the same, from buffers that are used again', async (t) => {
      const store = await open(t)
      const bytes = patternBytes(600_001)
      assert.deepEqual(await store.put('a/b-1/c', inChunks(bytes)), { size: bytes.length })
      assert.ok((await readAll(store, 'a/b-1/c', bytes.length)).equals(bytes))
      assert.equal((await store.stat('a/b-1/c'))?.size, bytes.length)
    })

    it('stores an empty object', async (t) => {
      const store = await open(t)
      assert.deepEqual(await store.put('empty', inChunks(Buffer.alloc(0))), { size: 0 })
      assert.equal((await store.stat('empty'))?.size, 0)
      assert.equal((await readAll(store, 'empty', 0)).length, 0)
    })

    it('takes chunks of every size, the empty one too', async (t) => {
      const store = await open(t)
      const bytes = patternBytes(900_000)
      const cuts = [0, 1, 1, 7, 4096, 262_143, 262_144, 262_145, 600_000, 900_000]
      async function* chunks(): AsyncGenerator<Uint8Array> {
        for (const [index, cut] of cuts.entries()) yield bytes.subarray(cuts[index - 1] ?? 0, cut)
      }
      await store.put('cut', chunks())
      assert.ok((await readAll(store, 'cut', bytes.length)).equals(bytes))
    })

    it('shows nothing before the end', async (t) => {
      const store = await open(t)
      async function* watching(): AsyncGenerator<Uint8Array> {
        for (let chunk = 0; chunk < 5; chunk++) {
          yield patternBytes(300_000)
          assert.equal(await store.stat('half'), null)
          assert.deepEqual(await keysOf(store, ''), [])
          await assert.rejects(readAll(store, 'half', 1))
        }
      }
      await store.put('half', watching())
      assert.deepEqual(await keysOf(store, ''), ['half'])
    })

    it('shows nothing and passes the error on when the body throws', async (t) => {
      const store = await open(t)
      async function* failing(): AsyncGenerator<Uint8Array> {
        yield patternBytes(500_000)
        throw new RangeError('The source went away.')
      }
      await assert.rejects(store.put('half', failing()), RangeError)
      assert.equal(await store.stat('half'), null)
      assert.deepEqual(await keysOf(store, ''), [])
      assert.equal(await store.removeAbandoned(Date.now() + 3_600_000), 0)
    })

    it('ends at once when the signal aborts, also while the body keeps it waiting', async (t) => {
      const store = await open(t)
      const controller = new AbortController()
      let released = false
      const body: AsyncIterable<Uint8Array> = {
        [Symbol.asyncIterator]() {
          let count = 0
          return {
            async next() {
              if (count++ === 0) return { done: false, value: patternBytes(500_000) }
              controller.abort(new Error('Canceled by a test.'))
              return new Promise<never>(() => {})
            },
            async return() {
              released = true
              return { done: true, value: undefined }
            },
          }
        },
      }
      await assert.rejects(store.put('half', body, controller.signal), /Canceled by a test/)
      assert.equal(await store.stat('half'), null)
      assert.equal(await store.removeAbandoned(Date.now() + 3_600_000), 0)
      assert.ok(released, 'the body was told to end')
    })

    it('refuses a signal that was aborted before', async (t) => {
      const store = await open(t)
      const body = inChunks(patternBytes(10))
      await assert.rejects(store.put('never', body, AbortSignal.abort(new Error('Too late.'))))
      assert.equal(await store.stat('never'), null)
    })

    it('stores many at a time, in one folder and in many', async (t) => {
      const store = await open(t)
      const keys = Array.from({ length: sized(60, 1000) }, (_, index) =>
        index % 2 === 0 ? `same/${index}` : `deep/${index}/${index % 7}/x`,
      )
      await Promise.all(
        keys.map((key, index) => store.put(key, inChunks(patternBytes(2000, index)))),
      )
      assert.deepEqual((await keysOf(store, '')).sort(), keys.toSorted())
      for (const [index, key] of keys.entries()) {
        assert.ok((await readAll(store, key, 2000)).equals(patternBytes(2000, index)))
      }
    })

    it('replaces an object whole: a reader sees the old or the new one', async (t) => {
      const store = await open(t)
      const versions = [1, 2, 3, 4, 5, 6].map((seed) => patternBytes(400_000, seed))
      const known = new Set(versions.map(digest))
      await store.put('same', inChunks(versions[0]!))
      const writing = (async () => {
        for (const version of versions) await store.put('same', inChunks(version))
      })()
      for (let read = 0; read < 20; read++) {
        assert.ok(known.has(digest(await readAll(store, 'same', 400_000))))
      }
      await writing
      assert.ok((await readAll(store, 'same', 400_000)).equals(versions.at(-1)!))
    })

    for (const key of badKeys) {
      it(`refuses the key ${JSON.stringify(key.slice(0, 40))} everywhere`, async (t) => {
        const store = await open(t)
        await assert.rejects(store.put(key, inChunks(patternBytes(1))), /no object key/)
        await assert.rejects(readAll(store, key, 1), /no object key/)
        await assert.rejects(store.stat(key), /no object key/)
        await assert.rejects(store.remove(key), /no object key/)
        assert.deepEqual(await keysOf(store, ''), [])
      })
    }
  })
}

const badKeys = [
  '',
  '.',
  '..',
  '../x',
  'a/../b',
  'a/./b',
  '/a',
  'a/',
  'a//b',
  'A',
  'a.b',
  'a\\b',
  'a\0b',
  'a b',
  'a\n',
  'é',
  '%2e%2e',
  'C:',
  'x'.repeat(300),
  'x/'.repeat(600),
]

function describeRead(open: OpenStore, largeMiB: number): void {
  describe('read()', () => {
    it('gives any span as the slice of the whole', async (t) => {
      const store = await open(t)
      const bytes = patternBytes(1_000_003)
      await store.put('spans', inChunks(bytes))
      const position = fc.oneof(
        fc.integer({ min: 0, max: bytes.length }),
        fc.constantFrom(0, 1, 65_535, 65_536, 65_537, 262_143, 262_144, 262_145, bytes.length),
      )
      const property = fc.asyncProperty(position, position, async (one, two) => {
        const span = { start: Math.min(one, two), end: Math.max(one, two) }
        const read = await gather(store.read('spans', span))
        assert.ok(read.equals(bytes.subarray(span.start, span.end)))
      })
      await fc.assert(property, { numRuns: sized(150, 3000) })
    })

    it('never ends short: not there, or shorter than the span', async (t) => {
      const store = await open(t)
      await store.put('short', inChunks(patternBytes(100)))
      await store.put('long', inChunks(patternBytes(700_000)))
      await assert.rejects(readAll(store, 'missing', 10))
      await assert.rejects(readAll(store, 'short/er', 10))
      await assert.rejects(readAll(store, 'short', 101))
      await assert.rejects(gather(store.read('short', { start: 200, end: 300 })))
      await assert.rejects(readAll(store, 'long', 700_001))
    })

    it('serves many readers of one object and many objects at a time', async (t) => {
      const store = await open(t)
      const objects = [1, 2, 3, 4].map((seed) => patternBytes(seed * 200_000, seed))
      for (const [index, bytes] of objects.entries()) {
        await store.put(`many/${index}`, inChunks(bytes))
      }
      await Promise.all(
        Array.from({ length: sized(80, 800) }, async (_, reader) => {
          const bytes = objects[reader % 4]!
          const read = await readAll(store, `many/${reader % 4}`, bytes.length)
          assert.ok(read.equals(bytes))
        }),
      )
    })

    it('gives a reader the old bytes to their end when the object is removed or replaced', async (t) => {
      const store = await open(t)
      const old = patternBytes(3_000_000, 1)
      await store.put('going', inChunks(old))
      const iterator = store.read('going', { start: 0, end: old.length })[Symbol.asyncIterator]()
      const chunks = [Buffer.from((await iterator.next()).value)]
      await store.remove('going')
      await assert.rejects(readAll(store, 'going', 10))
      await store.put('going', inChunks(patternBytes(3_000_000, 2)))
      try {
        for (;;) {
          const next = await iterator.next()
          if (next.done) break
          chunks.push(Buffer.from(next.value))
        }
      } catch {
        // An engine that has no old bytes any more must break, and not mix.
        return
      }
      assert.ok(Buffer.concat(chunks).equals(old))
    })

    it('lets the consumer stop early and read again', async (t) => {
      const store = await open(t)
      const bytes = patternBytes(2_000_000)
      await store.put('early', inChunks(bytes))
      for (const length of [1000, 2_000_000]) {
        for (let time = 0; time < 20; time++) {
          for await (const chunk of store.read('early', { start: 0, end: length })) {
            assert.ok(chunk.byteLength > 0)
            break
          }
        }
      }
      assert.ok((await readAll(store, 'early', bytes.length)).equals(bytes))
    })

    it('ends with an error when the signal aborts', async (t) => {
      const store = await open(t)
      const bytes = patternBytes(2_000_000)
      await store.put('aborted', inChunks(bytes))
      const controller = new AbortController()
      const reading = async (): Promise<void> => {
        const span = { start: 0, end: bytes.length }
        for await (const _ of store.read('aborted', span, controller.signal)) controller.abort()
      }
      await assert.rejects(reading(), { name: 'AbortError' })
      const late = store.read('aborted', { start: 0, end: 10 }, controller.signal)
      await assert.rejects(gather(late), { name: 'AbortError' })
    })

    it('carries a large object whole', async (t) => {
      const store = await open(t)
      const block = patternBytes(1024 * 1024)
      const written = createHash('sha256')
      async function* body(): AsyncGenerator<Uint8Array> {
        for (let index = 0; index < largeMiB; index++) {
          block.writeUInt32BE(index)
          written.update(block)
          yield block
        }
      }
      const size = largeMiB * block.length
      assert.deepEqual(await store.put('large', body()), { size })
      const read = createHash('sha256')
      for await (const chunk of store.read('large', { start: 0, end: size })) read.update(chunk)
      assert.equal(read.digest('hex'), written.digest('hex'))
      const last = await gather(store.read('large', { start: size - 1000, end: size }))
      assert.ok(last.equals(block.subarray(-1000)))
    })
  })
}

function describeKeeping(open: OpenStore): void {
  describe('stat(), list(), remove(), removeAbandoned(), check(), close()', () => {
    it('tells size and time of an object, null of none', async (t) => {
      const store = await open(t)
      const before = Date.now() - 10_000
      await store.put('a/b', inChunks(patternBytes(123)))
      const stat = await store.stat('a/b')
      assert.deepEqual({ key: stat?.key, size: stat?.size }, { key: 'a/b', size: 123 })
      assert.ok((stat?.modifiedAt ?? 0) > before && (stat?.modifiedAt ?? 0) < Date.now() + 10_000)
      assert.equal(await store.stat('a'), null)
      assert.equal(await store.stat('a/b/c'), null)
      assert.equal(await store.stat('a/c'), null)
    })

    it('lists by prefix, which need not end at a slash and never reaches over', async (t) => {
      const store = await open(t)
      const keys = ['a', 'ab', 'b/1', 'b/12', 'b/2/x', 'bb/1', 'c/d/e/f']
      for (const key of keys) await store.put(key, inChunks(patternBytes(5)))
      const table: [string, string[]][] = [
        ['', keys],
        ['a', ['a', 'ab']],
        ['b', ['b/1', 'b/12', 'b/2/x', 'bb/1']],
        ['b/', ['b/1', 'b/12', 'b/2/x']],
        ['b/1', ['b/1', 'b/12']],
        ['c/d/', ['c/d/e/f']],
        ['c/d/e/f', ['c/d/e/f']],
        ['c/d/e/f/', []],
        ['zzz', []],
        ['/', []],
      ]
      for (const [prefix, expected] of table) {
        assert.deepEqual((await keysOf(store, prefix)).sort(), expected, `prefix "${prefix}"`)
      }
      await assert.rejects(keysOf(store, '../'))
    })

    it('removes one object and nothing beside it', async (t) => {
      const store = await open(t)
      for (const key of ['x/1', 'x/12', 'x/1-2']) await store.put(key, inChunks(patternBytes(5)))
      await store.remove('x/1')
      await store.remove('x/1')
      await store.remove('never/was')
      assert.equal(await store.stat('x/1'), null)
      assert.deepEqual((await keysOf(store, '')).sort(), ['x/1-2', 'x/12'])
    })

    it('stores into a place whose last object is being removed', async (t) => {
      const store = await open(t)
      const work = Array.from({ length: sized(40, 400) }, async (_, index) => {
        await store.put(`job/7-1/${index}`, inChunks(patternBytes(10, index)))
        if (index % 2 === 0) await store.remove(`job/7-1/${index}`)
      })
      await Promise.all(work)
      assert.equal((await keysOf(store, 'job/7-1/')).length, work.length / 2)
    })

    it('leaves half-written objects alone that were touched since', async (t) => {
      const store = await open(t)
      const { promise: opened, resolve: proceed } = Promise.withResolvers<void>()
      const begun = new EventTarget()
      const hasBegun = once(begun, 'begun')
      async function* slow(): AsyncGenerator<Uint8Array> {
        yield patternBytes(600_000)
        begun.dispatchEvent(new Event('begun'))
        await opened
      }
      const putting = store.put('slow', slow())
      await hasBegun
      assert.equal(await store.removeAbandoned(Date.now() - 60_000), 0)
      proceed()
      assert.deepEqual(await putting, { size: 600_000 })
    })

    it('says that it can be written to, and leaves no trace of trying', async (t) => {
      const store = await open(t)
      await store.check()
      assert.deepEqual(await keysOf(store, ''), [])
      assert.equal(await store.removeAbandoned(Date.now() + 3_600_000), 0)
    })
  })
}

function readAll(store: ObjectStore, key: string, size: number): Promise<Buffer> {
  return gather(store.read(key, { start: 0, end: size }))
}

async function keysOf(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix)) keys.push(key)
  return keys
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
