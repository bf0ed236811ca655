import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { parseEnv } from 'node:util'
import { readSettings } from '../../src/config.ts'
import { loadConfigFile } from '../../src/load-config.ts'
import { runMain } from '../support/run-main.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

async function initialise(t: TestContext, ...words: string[]) {
  const cwd = await temporaryFolder(t)
  const { code, out, err } = await runMain(['init', '--json', ...words], { cwd })
  assert.equal(code, 0, err)
  return { cwd, made: JSON.parse(out) }
}

describe('claimcheck init', () => {
  it('makes an organization, an administrator, keys and an example', async (t) => {
    const { cwd, made } = await initialise(t)
    assert.equal(made.organization.code, 'main')
    assert.equal(made.account.username, 'admin')
    assert.match(made.account.password, /^[A-Za-z0-9_-]{20,}$/)
    assert.match(made.token, /^[A-Za-z0-9_-]{20,}$/)
    assert.deepEqual(made.files, ['claimcheck.env', 'claimcheck.config.ts'])
    assert.deepEqual((await readdir(cwd)).sort(), [
      'claimcheck.config.ts',
      'claimcheck.env',
      'data',
    ])

    const list = await runMain(['account', 'list', '--json'], { cwd })
    const [account] = JSON.parse(list.out).accounts
    assert.equal(account.organization, 'main')
    assert.deepEqual(account.permissions.sort(), ['admin', 'operator'])
  })

  it('keeps keys and data to their owner', async (t) => {
    const { cwd } = await initialise(t)
    assert.equal((await stat(join(cwd, 'claimcheck.env'))).mode & 0o777, 0o600)
    assert.equal((await stat(join(cwd, 'data'))).mode & 0o777, 0o700)
    const settings = readSettings(parseEnv(await readFile(join(cwd, 'claimcheck.env'), 'utf8')))
    const [signing] = settings.signingKeys
    const [master] = settings.masterKeys
    assert.equal(signing?.secret.length, 32)
    assert.equal(master?.secret.length, 32)
    assert.notDeepEqual(signing?.secret, master?.secret)
  })

  it('writes an example that loads', async (t) => {
    const { cwd } = await initialise(t)
    const loaded = await loadConfigFile(join(cwd, 'claimcheck.config.ts'), {})
    assert.deepEqual([...loaded.downloadTypes.keys()], ['greeting'])
  })

  it('takes names, and the data folder once and for all', async (t) => {
    const folder = 'my "data" #1'
    const { cwd, made } = await initialise(
      t,
      ...['--organization', 'acme', '--username', 'Grace', '--data', folder],
    )
    assert.equal(made.organization.code, 'acme')
    assert.equal(made.account.username, 'grace')
    assert.ok(existsSync(join(cwd, folder, 'claimcheck.sqlite')))
    const show = await runMain(['account', 'show', 'grace', '--json'], { cwd })
    assert.equal(JSON.parse(show.out).account.id, made.account.id)
    assert.ok(!existsSync(join(cwd, 'data')))
  })

  it('does nothing the second time', async (t) => {
    const { cwd } = await initialise(t)
    const before = await readFile(join(cwd, 'claimcheck.env'), 'utf8')
    const second = await runMain(['init', '--organization', 'other'], { cwd })
    assert.equal(second.code, 1)
    assert.equal(second.out, '')
    assert.match(second.err, /^Claimcheck is already initialised here, .+\n$/)
    assert.equal(await readFile(join(cwd, 'claimcheck.env'), 'utf8'), before)
    const list = await runMain(['organization', 'list', '--json'], { cwd })
    assert.equal(JSON.parse(list.out).organizations.length, 1)
  })

  it('leaves what is there', async (t) => {
    const cwd = await temporaryFolder(t)
    const key = `mine:${Buffer.alloc(32, 7).toString('base64url')}`
    // Without a line break at the end, and readable for all.
    const before = `CLAIMCHECK_PORT=8181\nCLAIMCHECK_SIGNING_KEYS=${key}`
    await writeFile(join(cwd, 'claimcheck.env'), before, { mode: 0o644 })
    await writeFile(join(cwd, 'claimcheck.config.ts'), '// mine')
    const { code, out, err } = await runMain(['init', '--json'], { cwd })
    assert.equal(code, 0, err)
    assert.deepEqual(JSON.parse(out).files, ['claimcheck.env'])
    const after = await readFile(join(cwd, 'claimcheck.env'), 'utf8')
    assert.ok(after.startsWith(`${before}\nCLAIMCHECK_MASTER_KEYS=`), after)
    assert.equal((await stat(join(cwd, 'claimcheck.env'))).mode & 0o777, 0o600)
    assert.equal(await readFile(join(cwd, 'claimcheck.config.ts'), 'utf8'), '// mine')
  })

  it('writes no keys when the environment has them', async (t) => {
    const cwd = await temporaryFolder(t)
    const keys = `k:${Buffer.alloc(32, 9).toString('base64url')}`
    const env = { CLAIMCHECK_SIGNING_KEYS: keys, CLAIMCHECK_MASTER_KEYS: keys }
    const { code, out, err } = await runMain(['init', '--json'], { cwd, env })
    assert.equal(code, 0, err)
    assert.deepEqual(JSON.parse(out).files, ['claimcheck.config.ts'])
    assert.ok(!existsSync(join(cwd, 'claimcheck.env')))
  })

  const wrong: [string[], RegExp][] = [
    [['--organization', 'a/b'], /^An organization's code has no slash, .+\.\n$/],
    [['--username', 'a:b'], /^A user name has no colon\.\n$/],
    [['--data', 'in-the-way'], /in-the-way/],
    [['--data', 'in-the-way/data'], /in-the-way/],
  ]
  for (const [words, expected] of wrong) {
    it(`refuses ${words.join(' ')} in one sentence and leaves nothing behind`, async (t) => {
      const cwd = await temporaryFolder(t)
      await writeFile(join(cwd, 'in-the-way'), '')
      const { code, out, err } = await runMain(['init', ...words], { cwd })
      assert.equal(code, 1)
      assert.equal(out, '')
      assert.match(err, expected)
      assert.equal(err.trimEnd().split('\n').length, 1, err)
      assert.deepEqual(await readdir(cwd), ['in-the-way'])
    })
  }

  it('can be tried again after a refusal', async (t) => {
    const cwd = await temporaryFolder(t)
    await mkdir(join(cwd, 'claimcheck.env'))
    assert.equal((await runMain(['init'], { cwd })).code, 1)
    const { code, err } = await runMain(['init', '--settings', 'claimcheck.env'], { cwd })
    assert.equal(code, 1)
    assert.match(err, /^The settings file claimcheck\.env cannot be read: .+\n$/)
  })
})
