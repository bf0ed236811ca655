import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { readArchive } from '../../../src/core/archives/read-archive.ts'
import { hasTool, runTool, writeSparse } from '../../support/archive-tools.ts'
import { gather, patternBytes } from '../../support/bytes.ts'
import {
  entryOf,
  type MemoryEntry,
  memoryArchive,
  sparseEntry,
} from '../../support/memory-archive.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const GIB = 1024 ** 3
const readers = ['tar', 'bsdtar'].filter((program) => hasTool(program))

describe('a tar', () => {
  it('is what GNU tar, bsdtar, 7z and Python unpack to the same bytes', async (t) => {
    const folder = 'f'.repeat(60)
    const entries = [
      entryOf('empty', Buffer.alloc(0)),
      entryOf('a block', patternBytes(512)),
      entryOf('a block and more', patternBytes(513)),
      entryOf('été 😀.txt', patternBytes(100)),
      // 99, 100, 101 bytes: the last only fits in two parts, or not at all.
      entryOf('x'.repeat(99), patternBytes(9)),
      entryOf('y'.repeat(100), patternBytes(10)),
      entryOf('z'.repeat(101), patternBytes(11)),
      entryOf(`${folder}/${'n'.repeat(100)}`, patternBytes(12)),
      entryOf(`${folder}/${folder}/${folder}/${'m'.repeat(90)}`, patternBytes(13)),
      entryOf(`${'é'.repeat(110)}.txt`, patternBytes(14)),
    ]
    const { path } = await writeTar(t, entries)
    for (const program of readers) {
      const target = await temporaryFolder(t)
      await runTool(program, '-xf', path, '-C', target)
      for (const { name, bytes } of entries) {
        assert.ok(
          (await readFile(join(target, name))).equals(bytes as Buffer),
          `${program} ${name}`,
        )
      }
    }
    if (hasTool('7z', '--help')) assert.match(await runTool('7z', 't', path), /Everything is Ok/)
    const script = 'import sys,tarfile;print(len(tarfile.open(sys.argv[1]).getnames()))'
    assert.equal((await runTool('python3', '-c', script, path)).trim(), '10')
  })

  it('says its own length in an extended record, whatever digits that takes', async (t) => {
    const names = Array.from({ length: 40 }, (_, index) => 'é'.repeat(40 + index))
    const { path } = await writeTar(
      t,
      names.map((name) => entryOf(name, Buffer.from(name))),
    )
    for (const program of readers) {
      const target = await temporaryFolder(t)
      await runTool(program, '-xf', path, '-C', target)
      for (const name of names) assert.equal(await readFile(join(target, name), 'utf8'), name)
    }
  })

  it('of no entries is an empty one', async (t) => {
    const { path, size } = await writeTar(t, [])
    assert.equal(size, 1024)
    for (const program of readers) assert.equal(await runTool(program, '-tf', path), '')
  })

  for (const size of [8 * GIB - 1, 8 * GIB, 9 * GIB]) {
    it(`with an entry of ${size} bytes is listed with it, and so is what comes behind`, async (t) => {
      const path = join(await temporaryFolder(t), 'archive.tar')
      const archive = memoryArchive('tar', [
        sparseEntry('large', size),
        entryOf('behind', patternBytes(100)),
      ])
      const { totals } = archive
      const span = { start: 0, end: totals.size }
      assert.equal(await writeSparse(path, readArchive(archive, span)), totals.size)
      for (const program of readers) {
        const listed = await runTool(program, '-tvf', path)
        assert.match(listed, new RegExp(`${size} .*large\\n.*behind`))
      }
    })
  }
})

async function writeTar(t: TestContext, entries: readonly MemoryEntry[]) {
  const path = join(await temporaryFolder(t), 'archive.tar')
  const archive = memoryArchive('tar', entries)
  const bytes = await gather(readArchive(archive, { start: 0, end: archive.totals.size }))
  assert.equal(bytes.length, archive.totals.size)
  await writeFile(path, bytes)
  return { path, size: bytes.length }
}
