import assert from 'node:assert/strict'
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { makeFolder } from '../../src/make-folder.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

describe('makeFolder()', () => {
  it('makes what is not there, for its owner only, and leaves alone what is', async (t) => {
    const folder = await temporaryFolder(t)
    makeFolder(join(folder, 'a', 'b', 'c'))
    assert.equal(statSync(join(folder, 'a', 'b')).mode & 0o777, 0o700)
    makeFolder(join(folder, 'a', 'b', 'c', '..'))
    assert.deepEqual(readdirSync(join(folder, 'a')), ['b'])
    makeFolder('/')
  })

  it('says what the file system says', async (t) => {
    const folder = await temporaryFolder(t)
    writeFileSync(join(folder, 'file'), '')
    assert.throws(() => makeFolder(join(folder, 'file')), { code: 'EEXIST' })
    assert.throws(() => makeFolder(join(folder, 'file', 'below')), { code: 'ENOTDIR' })
  })

  it('comes back where nothing can ever be made', { skip: !existsSync('/proc/self') }, () => {
    assert.throws(() => makeFolder('/proc/claimcheck/data'), { code: 'ENOENT' })
  })
})
