import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createSmallFileSaver } from '../../src/client/files/small-file-saver.ts'
import { someBytes } from '../support/hostile-server.ts'
import { countOpenFiles } from '../support/open-files.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

describe('createSmallFileSaver()', () => {
  it('saves what it can of the files that come together, and leaves nothing open', async (t) => {
    const folder = await temporaryFolder(t)
    const saver = createSmallFileSaver()
    t.after(() => saver.close())
    await writeFile(join(folder, 'precious'), 'mine')
    await symlink('precious', join(folder, 'link.part'))
    await mkdir(join(folder, 'folder.part'))
    await mkdir(join(folder, 'taken'))
    const names = ['a', 'link', 'b', 'folder', 'c', 'taken', 'd']
    const bytes = names.map((_, index) => Uint8Array.from(someBytes(1000 * index, index)))
    const saved = await Promise.allSettled(
      names.map((name, index) =>
        saver.save(join(folder, name), Uint8Array.from(bytes[index] ?? [])),
      ),
    )
    const codes = saved.map((one) => (one.status === 'rejected' ? one.reason.code : null))
    assert.deepEqual(codes, [null, 'unsafe_target', null, 'EISDIR', null, 'EISDIR', null])
    for (const [index, name] of names.entries()) {
      if (codes[index] === null) {
        assert.ok((await readFile(join(folder, name))).equals(bytes[index] ?? Buffer.of()), name)
      }
    }
    assert.equal(await readFile(join(folder, 'precious'), 'utf8'), 'mine')
    const left = (await readdir(folder)).toSorted()
    assert.deepEqual(left, ['a', 'b', 'c', 'd', 'folder.part', 'link.part', 'precious', 'taken'])
    assert.equal(countOpenFiles(folder) ?? 0, 0)
  })
})
