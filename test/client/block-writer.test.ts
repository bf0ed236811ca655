import assert from 'node:assert/strict'
import { open, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import { blockBytes, createAlignedBlocks } from '../../src/client/files/aligned-blocks.ts'
import { createBlockWriter } from '../../src/client/files/block-writer.ts'
import { createDiskWriter, openDirectWriter } from '../../src/client/files/disk-writer.ts'
import { patternBytes } from '../support/bytes.ts'
import { sized } from '../support/size.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const bytes = patternBytes(5 * blockBytes + 4321)

async function openFile(t: TestContext) {
  const path = join(await temporaryFolder(t), 'file.part')
  const handle = await open(path, 'w+')
  t.after(() => handle.close())
  return { path, handle }
}

describe('createBlockWriter()', () => {
  for (const way of ['by way of the cache', 'past it'] as const) {
    it(`puts what comes in pieces of any length where it belongs, ${way}`, async (t) => {
      const { path, handle } = await openFile(t)
      const disk =
        way === 'past it' ? await openDirectWriter(path, handle) : createDiskWriter(handle)
      t.after(() => disk.close())
      const blocks = createAlignedBlocks()
      const pieces = fc.array(fc.integer({ min: 1, max: 2 * blockBytes }), { minLength: 1 })
      const start = fc.integer({ min: 0, max: bytes.length })
      await fc.assert(
        fc.asyncProperty(start, pieces, async (start, lengths) => {
          await handle.truncate(0)
          const writer = createBlockWriter({ write: disk.write, wrote: () => {} }, start, blocks)
          let at = start
          for (const length of lengths) {
            const piece = Uint8Array.from(bytes.subarray(at, at + length))
            const room = writer.push(piece)
            // Whoever pushed it may use its memory again at once.
            piece.fill(0)
            at += piece.length
            await room
            assert.ok(writer.written <= at)
          }
          await writer.flush()
          assert.equal(writer.written, at)
          const file = await readFile(path)
          assert.equal(file.length, at === start ? 0 : at)
          assert.ok(file.subarray(start).equals(bytes.subarray(start, at)))
        }),
        { numRuns: sized(20, 200) },
      )
    })
  }

  it('has room for one block while two are written, and none for more', async () => {
    const ends: (() => void)[] = []
    const write = () => new Promise<void>((resolve) => ends.push(resolve))
    const writer = createBlockWriter({ write, wrote: () => {} }, 0, createAlignedBlocks())
    const block = bytes.subarray(0, blockBytes)
    await writer.push(block)
    await writer.push(block)
    let hasRoom = false
    const room = writer.push(block)?.then(() => {
      hasRoom = true
    })
    // What is written out of turn does not count before what is in front of it.
    ends[1]?.()
    await new Promise(setImmediate)
    assert.deepEqual([hasRoom, writer.written], [false, 0])
    ends[0]?.()
    await room
    await new Promise(setImmediate)
    assert.equal(writer.written, 2 * blockBytes)
    ends[2]?.()
    await writer.flush()
    assert.equal(writer.written, 3 * blockBytes)
  })

  it('counts nothing as written behind what failed, and says why', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    let calls = 0
    const write = async () => {
      calls += 1
      if (calls === 2) throw full
    }
    const writer = createBlockWriter({ write, wrote: () => {} }, 0, createAlignedBlocks())
    await assert.rejects(async () => {
      for (;;) await writer.push(bytes.subarray(0, blockBytes))
    }, full)
    await assert.rejects(writer.flush(), full)
    assert.equal(writer.written, blockBytes)
  })

  it('has nothing under way any more when it has said what failed', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    const later = Promise.withResolvers<void>()
    let calls = 0
    const write = () => {
      calls += 1
      return calls === 1 ? Promise.reject(full) : later.promise
    }
    const writer = createBlockWriter({ write, wrote: () => {} }, 0, createAlignedBlocks())
    void writer.push(bytes.subarray(0, 2 * blockBytes))
    let hasEnded = false
    const flushed = assert.rejects(writer.flush(), full).finally(() => {
      hasEnded = true
    })
    await new Promise(setImmediate)
    assert.equal(hasEnded, false)
    later.resolve()
    await flushed
    assert.equal(writer.written, 0)
  })
})

describe('openDirectWriter()', () => {
  const block = bytes.subarray(0, blockBytes)

  it('writes blocks that no disk takes past the cache, too', async (t) => {
    const { path, handle } = await openFile(t)
    const disk = await openDirectWriter(path, handle)
    t.after(() => disk.close())
    const memory = new Uint8Array(blockBytes + 4096)
    const notAligned = memory.subarray(1, 1 + blockBytes)
    notAligned.set(block)
    await Promise.all([disk.write(notAligned, 0), disk.write(notAligned, blockBytes)])
    await disk.write(bytes.subarray(0, 10), 2 * blockBytes)
    const file = await readFile(path)
    assert.ok(file.equals(Buffer.concat([block, block, bytes.subarray(0, 10)])))
  })

  it('never writes to another file that has got the name, or is linked there', async (t) => {
    const { path, handle } = await openFile(t)
    await rename(path, `${path}.moved`)
    await writeFile(path, 'mine')
    for (const other of [path, `${path}.link`]) {
      if (other !== path) await symlink(path, other)
      const disk = await openDirectWriter(other, handle)
      const [aligned] = [createAlignedBlocks().take()]
      aligned.set(block)
      await disk.write(aligned, 0)
      await disk.close()
      assert.equal(await readFile(path, 'utf8'), 'mine')
    }
    assert.ok((await readFile(`${path}.moved`)).equals(block))
  })
})
