import assert from 'node:assert/strict'
import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { readSettings } from '../../src/config.ts'
import { insertStoredFile, storeBytes } from '../../src/core/stored-files.ts'
import { transact } from '../../src/core/transact.ts'
import { openInstallation } from '../../src/open-installation.ts'
import { newKey } from '../support/keys.ts'
import { runMain } from '../support/run-main.ts'
import { bytesOf } from '../support/studies.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

describe('claimcheck sweep --dry-run', () => {
  it('finds objects without rows and rows without their objects', async (t) => {
    const cwd = await temporaryFolder(t)
    assert.equal((await runMain(['init'], { cwd })).code, 0)
    const data = join(cwd, 'data')
    const { core, close } = await openInstallation(
      readSettings({ CLAIMCHECK_DATA: data, CLAIMCHECK_SIGNING_KEYS: newKey('test') }),
    )
    const keys = []
    for (const text of ['whole', 'gone', 'short']) {
      const bytes = await storeBytes(core, 'kept', bytesOf(text))
      await transact(core, (change) => insertStoredFile(change, bytes, 'text/plain'))
      keys.push(bytes.objectKey)
    }
    const [, gone = '', short = ''] = keys
    await core.store.remove(gone)
    await writeFile(join(data, 'objects', 'objects', short), '')
    const lost = (await storeBytes(core, 'kept', bytesOf('lost'))).objectKey
    await utimes(join(data, 'objects', 'objects', lost), 0, 0)
    await close()

    const { code, out, err } = await runMain(['sweep', '--dry-run', '--json'], { cwd })
    assert.equal(code, 0, err)
    const report = JSON.parse(out)
    assert.deepEqual(report.orphan_keys, [lost])
    assert.equal(report.orphans, 1)
    assert.equal(report.missing, 2)
    assert.deepEqual(report.missing_objects, [
      { object_key: gone, problem: 'its object is missing' },
      { object_key: short, problem: 'its object has 0 bytes and should have 5' },
    ])
    const text = (await runMain(['sweep', '--dry-run'], { cwd })).out
    assert.match(
      text,
      new RegExp(`2 files without an object.+\\n  ${gone}: its object is missing\\n`),
    )
    assert.match(text, new RegExp(`would take away:\\n  ${lost}\\n`))
  })
})
