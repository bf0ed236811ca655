import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createDiskSync } from '../../src/client/files/disk-sync.ts'

const mebi = 1024 * 1024

/** A disk that does what each sync in turn is told to. */
function createDisk(...answers: (() => Promise<void>)[]) {
  const disk = {
    syncs: 0,
    datasync: async () => {
      disk.syncs += 1
      await answers.shift()?.()
    },
  }
  return disk
}

describe('createDiskSync()', () => {
  it('syncs while more comes, one at a time', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const disk = createDisk(() => promise)
    const { wrote, sync } = createDiskSync(disk)
    for (let at = 0; at < 255; at += 1) wrote(mebi)
    await null
    assert.equal(disk.syncs, 0)
    for (let at = 0; at < 600; at += 1) wrote(mebi)
    await null
    assert.equal(disk.syncs, 1)
    const ended = sync()
    resolve()
    await ended
    assert.equal(disk.syncs, 2)
  })

  it('does not forget what the disk said of bytes that it lost', async () => {
    const lost = Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })
    const disk = createDisk(() => Promise.reject(lost))
    const { wrote, sync } = createDiskSync(disk)
    wrote(256 * mebi)
    await assert.rejects(sync(), lost)
    await assert.rejects(sync(), lost)
  })
})
