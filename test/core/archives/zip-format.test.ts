import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, it, type TestContext } from 'node:test'
import { readArchive } from '../../../src/core/archives/read-archive.ts'
import {
  compileJavaReader,
  hasTool,
  type ReadWithJava,
  readWithPython,
  runTool,
  writeSparse,
} from '../../support/archive-tools.ts'
import { gather, patternBytes, sha256 } from '../../support/bytes.ts'
import {
  entryOf,
  type MemoryEntry,
  memoryArchive,
  someTime,
  sparseEntry,
} from '../../support/memory-archive.ts'
import { full, sized } from '../../support/size.ts'
import { suiteCleanup } from '../../support/suite-cleanup.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const GIB = 1024 ** 3

let java: ReadWithJava | null = null
const unzip = hasTool('unzip', '-v')
const sevenZip = hasTool('7z', '--help')
const bsdtar = hasTool('bsdtar')

const suite = suiteCleanup()
before(async () => {
  java = await compileJavaReader(await temporaryFolder(suite))
})

describe('a ZIP', () => {
  it('is what every reader takes: unzip, 7z, bsdtar, Python, Java', async (t) => {
    const entries = [
      entryOf('empty', Buffer.alloc(0)),
      entryOf('été 😀.txt', patternBytes(1000)),
      entryOf('folder/日本語.bin', patternBytes(70_000)),
      entryOf('last', patternBytes(300_000)),
    ]
    const { path, folder, size } = await writeZip(t, entries)
    const report = await readWithPython(path)
    assert.deepEqual(
      report.names,
      entries.map(({ name }) => name),
    )
    assert.deepEqual(
      report.read,
      Object.fromEntries(entries.map(({ name, bytes }) => [name, sha256(bytes as Buffer)])),
    )
    if (unzip) {
      assert.match(await runTool('unzip', '-t', path), /No errors detected/)
      assert.match(await runTool('unzip', '-Z', path), /26-Jan-15 12:34/)
    }
    if (sevenZip) assert.match(await runTool('7z', 't', path), /Everything is Ok/)
    if (bsdtar) {
      const listed = await runTool('bsdtar', '-tf', path)
      assert.equal(listed.trim().split('\n').length, 4)
      await runTool('bsdtar', '-xf', path, '-C', folder, 'last')
    }
    if (java !== null) {
      assert.deepEqual(await java(path), { entries: 4, bytes: 371_000 })
    }
    assert.ok(size > 371_000)
  })

  it('of no entries is the 22 bytes of an empty one', async (t) => {
    const { path, size } = await writeZip(t, [])
    assert.equal(size, 22)
    assert.equal((await readWithPython(path)).entries, 0)
    if (sevenZip) assert.match(await runTool('7z', 't', path), /Everything is Ok/)
  })

  it('has the same bytes for the same list, with no data descriptor and no time zone', async () => {
    const entry = entryOf('a', Buffer.from('abc'))
    const whole = await gather(wholeOf([entry]))
    assert.ok(whole.equals(await gather(wholeOf([entry]))))
    assert.equal(
      whole.subarray(0, 34).toString('hex'),
      '504b03041400000800005c642f5cc2412435030000000300000001000000' + '61616263',
    )
    assert.equal(whole.readUInt16LE(6) & 0x0008, 0)
  })

  it('says times before 1980 and after 2107 as the first and the last that it can', async () => {
    for (const [modifiedAt, date, time] of [
      [0, 0x0021, 0],
      [Date.UTC(2300, 0, 1), 0xff9f, 0xbf7d],
    ] as const) {
      const whole = await gather(wholeOf([{ ...entryOf('a', Buffer.alloc(0)), modifiedAt }]))
      assert.equal(whole.readUInt16LE(12), date)
      assert.equal(whole.readUInt16LE(10), time)
    }
  })

  for (const count of [65_534, 65_535, 65_536]) {
    it(`of ${count} entries is read whole`, async (t) => {
      const entries = Array.from({ length: count }, (_, index) =>
        entryOf(`${index}`, Buffer.from(`${index}`)),
      )
      const { path, bytes } = await writeZip(t, entries, { blockSize: 128 })
      // 4.4.1.4: the Zip64 end record is there exactly when a number does not fit.
      assert.equal(bytes.includes(Buffer.from('504b0606', 'hex')), count >= 65_535)
      const report = await readWithPython(path, '0', `${count - 1}`)
      assert.equal(report.entries, count)
      assert.equal(report.last, sha256(Buffer.from(`${count - 1}`)))
      if (bsdtar) {
        assert.equal((await runTool('bsdtar', '-tf', path)).trim().split('\n').length, count)
      }
      if (sevenZip) {
        assert.match(await runTool('7z', 'l', path), new RegExp(`${count} files`))
      }
      if (java !== null) {
        assert.equal((await java(path)).entries, count)
      }
      if (full && unzip) assert.match(await runTool('unzip', '-tq', path), /No errors/)
    })
  }

  const sizes: [string, number, boolean][] = [
    ['one byte below 4 GiB less one', 4 * GIB - 2, false],
    ['exactly 0xFFFFFFFF', 4 * GIB - 1, true],
    ['4 GiB', 4 * GIB, true],
    ['5 GiB', 5 * GIB, true],
  ]
  for (const [title, size, zip64] of sizes) {
    it(`with an entry of ${title} is read, and so is what comes behind it`, async (t) => {
      const small = entryOf('behind', patternBytes(100))
      const { path, head } = await writeSparseZip(t, [sparseEntry('large', size), small])
      assert.equal(head.readUInt16LE(4), zip64 ? 45 : 20)
      assert.equal(head.readUInt32LE(18), zip64 ? 0xffffffff : size)
      const report = await readWithPython(path, 'behind')
      assert.equal(report.read.behind, sha256(small.bytes as Buffer))
      // unzip 6 stumbles over the very size that stands for "look elsewhere", whoever wrote the archive.
      if (unzip && size !== 4 * GIB - 1) {
        assert.match(await runTool('unzip', '-t', path, 'behind'), /No errors/)
        assert.match(await runTool('unzip', '-l', path), new RegExp(`\\b${size} `))
      }
      if (sevenZip) assert.match(await runTool('7z', 't', path, 'behind'), /Everything is Ok/)
      if (!full) return
      if (sevenZip) assert.match(await runTool('7z', 't', path), /Everything is Ok/)
      if (bsdtar) await runTool('bsdtar', '-xOf', path, 'behind')
      if (java !== null) {
        assert.deepEqual(await java(path), { entries: 2, bytes: size + 100 })
      }
    })
  }

  for (const target of [4 * GIB - 2, 4 * GIB - 1, 4 * GIB]) {
    it(`with an entry that begins at ${target} is read`, async (t) => {
      const headers = 2 * (30 + 1)
      const half = Math.floor((target - headers) / 2)
      const entries = [
        sparseEntry('a', half),
        sparseEntry('b', target - headers - half),
        entryOf('c', patternBytes(50)),
      ]
      const { path } = await writeSparseZip(t, entries)
      const report = await readWithPython(path, 'c')
      assert.equal(report.read.c, sha256(patternBytes(50)))
      if (unzip) assert.match(await runTool('unzip', '-t', path, 'c'), /No errors/)
      if (bsdtar) {
        assert.equal((await runTool('bsdtar', '-tf', path)).trim(), 'a\nb\nc')
      }
    })
  }

  it('of a million entries is read whole', async (t) => {
    const count = sized(10_000, 1_000_000)
    const entries = Array.from({ length: count }, (_, index) =>
      entryOf(`${index}.txt`, Buffer.from(`${index}`)),
    )
    const { path } = await writeZip(t, entries, { blockSize: 128 })
    const report = await readWithPython(path, '0.txt')
    assert.equal(report.entries, count)
    assert.equal(report.last, sha256(Buffer.from(`${count - 1}`)))
    if (sevenZip) assert.match(await runTool('7z', 't', path), /Everything is Ok/)
    if (unzip) assert.match(await runTool('unzip', '-tq', path), /No errors/)
    if (java !== null) {
      assert.equal((await java(path)).entries, count)
    }
  })
})

function wholeOf(entries: readonly MemoryEntry[], options?: { blockSize: number }) {
  const archive = memoryArchive('zip', entries, options)
  return readArchive(archive, { start: 0, end: archive.totals.size })
}

async function writeZip(
  t: TestContext,
  entries: readonly MemoryEntry[],
  options?: { blockSize: number },
) {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'archive.zip')
  const bytes = await gather(wholeOf(entries, options))
  const { size } = memoryArchive('zip', entries, options).totals
  assert.equal(bytes.length, size)
  await writeFile(path, bytes)
  return { folder, path, size, bytes }
}

async function writeSparseZip(t: TestContext, entries: readonly MemoryEntry[]) {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'archive.zip')
  const archive = memoryArchive('zip', entries)
  const { size } = archive.totals
  assert.equal(await writeSparse(path, readArchive(archive, { start: 0, end: size })), size)
  const head = await gather(readArchive(archive, { start: 0, end: 60 }))
  assert.equal(someTime, entries[0]?.modifiedAt)
  return { path, head }
}
