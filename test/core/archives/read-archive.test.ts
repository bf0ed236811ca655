import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readArchive } from '../../../src/core/archives/read-archive.ts'
import { gather, patternBytes } from '../../support/bytes.ts'
import { entryOf, memoryArchive, sparseEntry } from '../../support/memory-archive.ts'
import { sized } from '../../support/size.ts'

const entries = [
  entryOf('empty', Buffer.alloc(0)),
  entryOf('été.txt', patternBytes(1000)),
  entryOf('just small', patternBytes(65_536)),
  entryOf('no longer small', patternBytes(65_537)),
  entryOf('f/large', patternBytes(400_000)),
  ...Array.from({ length: 200 }, (_, index) =>
    entryOf(`${index}`.repeat(10), patternBytes(index * 13, index + 1)),
  ),
  entryOf('last', patternBytes(3000)),
]

for (const format of ['zip', 'tar'] as const) {
  describe(`readArchive() of a ${format}`, () => {
    const archive = memoryArchive(format, entries)
    const { size } = archive.totals
    const whole = gather(readArchive(archive, { start: 0, end: size }))

    it('gives every 1/97 of it as the slice of the whole', async () => {
      assert.equal((await whole).length, size)
      for (let part = 0; part < 97; part++) {
        const start = Math.floor((size * part) / 97)
        const end = Math.floor((size * (part + 1)) / 97)
        assert.ok((await slice(start, end)).equals((await whole).subarray(start, end)))
      }
    })

    it('gives any slice of it, also where parts meet', async () => {
      const bytes = await whole
      const { directoryOffset, directorySize } = archive.totals
      const meets = [0, directoryOffset, directoryOffset + directorySize, size]
      const near = fc
        .tuple(fc.constantFrom(...meets), fc.integer({ min: -200, max: 200 }))
        .map(([at, by]) => Math.min(Math.max(at + by, 0), size))
      const position = fc.oneof(near, fc.integer({ min: 0, max: size }))
      await fc.assert(
        fc.asyncProperty(position, position, async (one, two) => {
          const [start, end] = one <= two ? [one, two] : [two, one]
          assert.ok((await slice(start, end)).equals(bytes.subarray(start, end)))
        }),
        { numRuns: sized(200, 5000) },
      )
    })

    async function slice(start: number, end: number): Promise<Buffer> {
      return await gather(readArchive(archive, { start, end }))
    }
  })
}

describe('readArchive()', () => {
  it('finds a byte deep inside by one look-up, in the entries and in the directory', async () => {
    const many = Array.from({ length: 5000 }, (_, index) => entryOf(`${index}`, Buffer.from('x')))
    const archive = memoryArchive('zip', many, { blockSize: 128 })
    const { directoryOffset } = archive.totals
    const middle = Math.floor(directoryOffset / 2)
    await gather(readArchive(archive, { start: middle, end: middle + 10 }))
    assert.deepEqual(archive.lookUps, [`block at ${middle}`])
    archive.lookUps.length = 0
    await gather(
      readArchive(archive, { start: directoryOffset + 70_000, end: directoryOffset + 70_010 }),
    )
    assert.deepEqual(archive.lookUps, ['records at 70000'])
  })

  it('opens no more entries than a span touches', async () => {
    const archive = memoryArchive('zip', entries.slice(0, 3))
    const opened: string[] = []
    const watched: typeof archive = {
      ...archive,
      open: async (list) => {
        opened.push(...list.map(({ name }) => name))
        return await archive.open(list)
      },
    }
    await gather(readArchive(watched, { start: 100, end: 200 }))
    assert.deepEqual(opened, ['été.txt'])
  })

  it('gives parts of an archive of many terabytes', async () => {
    const size = 2 ** 42
    const archive = memoryArchive('zip', [
      sparseEntry('a', size),
      sparseEntry('b', size),
      entryOf('c', patternBytes(100)),
    ])
    const start = archive.totals.directoryOffset - 100
    const tail = await gather(readArchive(archive, { start, end: archive.totals.size }))
    assert.ok(tail.subarray(0, 100).equals(patternBytes(100)))
  })

  it('throws before the end when bytes are not those that came in', async () => {
    const good = entryOf('good', patternBytes(100))
    const changed = { ...entryOf('changed', patternBytes(100)), bytes: patternBytes(100, 2) }
    const archive = memoryArchive('zip', [good, changed, good])
    const read = readArchive(archive, { start: 0, end: archive.totals.size })
    await assert.rejects(gather(read), /"changed" are not those that came in/)
  })

  it('waits for nothing more once it is aborted', async () => {
    const archive = memoryArchive('zip', [sparseEntry('large', 2 ** 40)])
    const stop = new AbortController()
    const watched: typeof archive = {
      ...archive,
      open: async (list) => {
        stop.abort()
        return await archive.open(list)
      },
    }
    const small = memoryArchive(
      'zip',
      Array.from({ length: 10 }, () => entryOf('x', Buffer.alloc(9))),
    )
    const read = readArchive({ ...small, open: watched.open }, { start: 0, end: 300 }, stop.signal)
    await assert.rejects(gather(read), { name: 'AbortError' })
  })
})
