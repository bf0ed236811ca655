import assert from 'node:assert/strict'
import { readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createAlignedBlocks } from '../../src/client/files/aligned-blocks.ts'
import { openFileTransport } from '../../src/client/files/file-transport.ts'
import { fill } from '../../src/client/files/fill.ts'
import { openPart } from '../../src/client/files/part-file.ts'
import { missingRegions } from '../../src/client/files/regions.ts'
import { createSmallFileSaver } from '../../src/client/files/small-file-saver.ts'
import { createTransfer } from '../../src/client/files/transfer.ts'
import { createTestClient, get } from '../support/get.ts'
import { etagOf, someBytes, startHostileServer } from '../support/hostile-server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const size = 3 * 1024 * 1024 + 17
const bytes = someBytes(size)

describe('openPart()', () => {
  it('gives its name to nothing else than what it wrote', async (t) => {
    const folder = await temporaryFolder(t)
    for (const kind of ['file', 'link']) {
      const target = join(folder, kind)
      const part = await openPart(target, { keep: false, size })
      t.after(() => part.close())
      await part.write(bytes, 0)
      await rename(`${target}.part`, `${target}.moved`)
      if (kind === 'file') await writeFile(`${target}.part`, 'mine')
      else await symlink(`${target}.moved`, `${target}.part`)
      await assert.rejects(part.finish(), { code: 'unsafe_target' })
      await assert.rejects(readFile(target), { code: 'ENOENT' })
    }
  })
})

describe('a part that an earlier run left', () => {
  it('is gone on with only where its bytes are there', async (t) => {
    const server = await startHostileServer(t)
    const url = `${server.url}/data.bin`
    // Nothing but the tag vouches for the whole: a hole would not be found out.
    const etag = etagOf(bytes)
    server.files.set('/data.bin', { bytes, etag })
    const half = 2 * 1024 * 1024
    for (const [left, from] of [
      ['all', `bytes=${half}-${size - 1}`],
      ['less', undefined],
      ['none', undefined],
    ] as const) {
      const folder = await temporaryFolder(t)
      const part = join(folder, 'data.bin.part')
      const spans = [{ start: 0, end: half }]
      const state = { id: url, etag, origin: server.url, size, spans }
      await writeFile(part, bytes.subarray(0, half))
      await writeFile(`${part}.json`, JSON.stringify(state))
      if (left === 'less') await truncate(part, half - 1)
      if (left === 'none') await rm(part)
      // Of a process that was killed while it wrote down how far it was.
      await writeFile(`${part}.json.new`, '')
      await get(createTestClient(server.url), url, { folder })
      assert.equal(server.seen.at(-1)?.headers.range, from, left)
      assert.ok((await readFile(join(folder, 'data.bin'))).equals(bytes), left)
      const names = (await readdir(folder)).toSorted()
      assert.deepEqual(names, ['.claimcheck.json', 'data.bin'], left)
    }
  })
})

describe('fill()', () => {
  it('does not take a disk that hangs, and then fails, for a connection that does', async (t) => {
    const server = await startHostileServer(t)
    const url = `${server.url}/data.bin`
    // It stops where one block hangs and another one is not full: then the guard strikes.
    const closed = Promise.withResolvers<void>()
    server.handle = (_request, response) => {
      response.writeHead(206, {
        'content-range': `bytes 0-${size - 1}/${size}`,
        'content-length': size,
        etag: etagOf(bytes),
      })
      response.write(bytes.subarray(0, 1_500_000))
      response.on('close', closed.resolve)
      return true
    }
    const { transport, close } = openFileTransport(createTestClient(server.url).transport)
    t.after(close)
    const saver = createSmallFileSaver()
    const transfer = createTransfer({
      ...{ transport, saver, blocks: createAlignedBlocks(), rateLimit: null, stallMs: 50 },
      ...{ mayHavePart: false, connections: 1, splitBytes: size, enoughRate: 1 },
      file: {
        ...{ id: url, name: null, folders: [], size, mediaType: null, digests: {}, isFixed: false },
        locate: async () => ({ url, authorize: false, renewable: false }),
      },
      target: 'data.bin',
      onBytes() {},
      onReceived() {},
      onSetback: (sentence) => assert.fail(sentence),
    })
    const broken = Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' })
    const part = {
      wrote() {},
      write: async () => {
        await closed.promise
        throw broken
      },
    }
    const [region] = missingRegions([], size)
    assert.ok(region)
    const { signal } = new AbortController()
    const filling = { part, signal, onChunk() {}, onAnswer() {} }
    await assert.rejects(fill(transfer, region, filling), broken)
    assert.equal(region.written, 0)
    assert.equal(server.seen.length, 1)
  })
})
