import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { demandManifestPlace } from '../../src/cli/manifest-file.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

describe('demandManifestPlace()', () => {
  it('takes a file that is there, and one in a folder that is there or will be made', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'old.json'), '')
    const made = join(folder, 'new/in')
    for (const path of ['old.json', 'list.json', 'new/list.json', 'new/in/list.json']) {
      await demandManifestPlace(join(folder, path), made)
    }
  })

  it('refuses a folder, and a place in a folder that nobody makes', async (t) => {
    const folder = await temporaryFolder(t)
    await mkdir(join(folder, 'list.json'))
    const made = join(folder, 'new')
    await assert.rejects(demandManifestPlace(join(folder, 'list.json'), made), {
      code: 'bad_input',
    })
    for (const path of ['no/list.json', 'new/in/list.json', 'ne/list.json']) {
      await assert.rejects(demandManifestPlace(join(folder, path), made), { code: 'ENOENT' }, path)
    }
  })

  it('takes a device in a folder that cannot be written', {
    skip: !existsSync('/proc/self/fd/2'),
  }, async () => {
    // Nobody, not even root, writes a name into /proc.
    await demandManifestPlace('/proc/self/comm', '.')
  })
})
