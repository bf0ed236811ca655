import assert from 'node:assert/strict'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { main } from '../support/main.ts'
import { runMain } from '../support/run-main.ts'
import { startServe } from '../support/running-server.ts'
import type { Listed } from '../support/studies.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

describe('claimcheck publish', () => {
  it('publishes a folder beside a running server that watches another one', async (t) => {
    const cwd = await temporaryFolder(t)
    const made = JSON.parse((await runMain(['init', '--json'], { cwd })).out)
    const watched = join(cwd, 'watched')
    await mkdir(join(watched, 'main/W/D'), { recursive: true })
    await writeFile(join(watched, 'main/W/D/seen.txt'), 'seen')
    const env = {
      CLAIMCHECK_WATCH_FOLDER: watched,
      CLAIMCHECK_WATCH_SETTLE_SECONDS: '0',
      CLAIMCHECK_WATCH_SCAN_SECONDS: '1',
    }
    const { url } = await startServe(t, { cwd, command: [process.execPath, main], env })
    const folder = join(cwd, 'files')
    await mkdir(join(folder, 'inside'), { recursive: true })
    for (const name of ['a.csv', 'é b.zip', '.hidden', 'c.part']) {
      await writeFile(join(folder, name), name)
    }
    const words = ['publish', folder, '--organization', 'main', '--study', 'S', '--delivery', 'D']
    const published = await runMain([...words, '--json'], { cwd })
    assert.equal(published.code, 0, published.err)
    assert.deepEqual(JSON.parse(published.out), {
      organization: 'main',
      study: 'S',
      delivery: 'D',
      added: 2,
      replaced: 0,
      unchanged: 0,
      refused: [],
    })
    const headers = { authorization: `Bearer ${made.token}` }
    const list = async (path: string) => {
      const answer = await fetch(`${url}/api_file/v1/main/${path}`, { headers })
      return answer.status === 200 ? ((await answer.json()) as Listed[]) : []
    }
    const names = (await list('S/')).map((file) => file.file_name)
    assert.deepEqual(names.sort(), ['a.csv', 'é b.zip'])
    await until('the watched file is there', async () => (await list('W/')).length === 1)

    await symlink('/etc/hostname', join(folder, 'link'))
    const again = await runMain(words, { cwd })
    assert.equal(again.code, 1)
    assert.match(again.out, /0 files added, 0 replaced, 2 unchanged\./)
    await writeFile(join(folder, 'a.csv'), 'another')
    await rm(join(folder, 'é b.zip'))
    await writeFile(join(folder, 'new.csv'), 'new')
    const third = await runMain(words, { cwd })
    assert.match(third.out, /^1 file added, 1 replaced, 0 unchanged\./)
    assert.match(again.err, /^Not published: "link": It is no regular file\.\n$/)
  })

  it('says what is missing', async (t) => {
    const cwd = await temporaryFolder(t)
    const { code, err } = await runMain(['publish', '.', '--study', 'S'], { cwd })
    assert.equal(code, 2)
    assert.match(err, /--organization is missing/)
    await runMain(['init'], { cwd })
    const words = ['--organization', 'main', '--study', 'S', '--delivery', 'D']
    const nowhere = await runMain(['publish', './none', ...words], { cwd })
    assert.equal(nowhere.code, 1)
    assert.match(nowhere.err, /none/)
    const wrong = await runMain(['publish', '.', ...words.with(1, 'other')], { cwd })
    assert.match(wrong.err, /There is no organization "other"/)
  })
})
