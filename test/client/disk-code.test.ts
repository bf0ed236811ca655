import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { describe, it } from 'node:test'
import { explainError } from '../../src/cli/refusal.ts'
import { diskCodeOf } from '../../src/client/files/disk-code.ts'
import { fromDiskError } from '../../src/storage/disk-error.ts'

describe('an error of the disk', () => {
  const errno = -constants.errno.EDQUOT
  const message = `Unknown system error ${errno}: Unknown system error ${errno}, write`
  const code = `Unknown system error ${errno}`
  const quota = Object.assign(new Error(message), { code, errno, syscall: 'write', path: 'a.part' })

  it('has a name for a quota that is used up, as Node has none', async () => {
    assert.equal(diskCodeOf(quota), 'EDQUOT')
    assert.equal(diskCodeOf(Object.assign(new Error(), { code: 'ENOSPC', errno: -28 })), 'ENOSPC')
    assert.equal(diskCodeOf(new Error()), '')
  })

  it('is told to people and programs by that name', async () => {
    assert.deepEqual(await explainError(quota), {
      code: 'EDQUOT',
      message: 'Cannot write a.part: the quota is used up (EDQUOT).',
    })
    assert.match(String(fromDiskError(quota, 'store')), /store has no room left \(EDQUOT\)/)
  })
})
