import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { runMain } from '../support/run-main.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

let cwd: string

async function json(...words: string[]) {
  const { code, out, err } = await runMain([...words, '--json'], { cwd })
  assert.equal(code, 0, err)
  assert.equal(out.trimEnd().split('\n').length, 1)
  return JSON.parse(out)
}

async function refused(words: string[], input = ''): Promise<string> {
  const { code, out, err } = await runMain(words, { cwd, input })
  assert.equal(code, 1)
  assert.equal(out, '')
  assert.equal(err.trimEnd().split('\n').length, 1, err)
  return err
}

describe('the commands for accounts', () => {
  before(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'claimcheck-test-'))
    assert.equal((await runMain(['init'], { cwd })).code, 0)
  })

  after(() => rm(cwd, { recursive: true, force: true }))

  it('work though the config file is broken', async (t) => {
    const folder = await temporaryFolder(t)
    assert.equal((await runMain(['init'], { cwd: folder })).code, 0)
    await writeFile(join(folder, 'claimcheck.config.ts'), 'export default {')
    const { code, err } = await runMain(['account', 'suspend', 'admin'], { cwd: folder })
    assert.equal(code, 0, err)
  })

  it('manage an account from its beginning to its end', async () => {
    const made = await json('account', 'create', 'Ada', '--permission', 'download:a')
    assert.equal(made.account.username, 'ada')
    assert.equal(made.account.organization, 'main')
    const changed = await json(
      ...['account', 'permit', 'ada', '--add', 'download:b', '--remove', 'download:a'],
    )
    assert.deepEqual(changed.account.permissions, ['download:b'])
    assert.equal((await json('account', 'suspend', 'ada')).account.suspended, true)
    assert.equal((await json('account', 'reinstate', 'ADA')).account.suspended, false)
    const { out } = await runMain(['account', 'list'], { cwd })
    assert.match(out, /^USERNAME {2,}ORGANIZATION {2,}PERMISSIONS/)
    assert.match(out, /^ada {2,}main {2,}download:b {2,}active {2,}20\d\d-/m)
  })

  it('warn of a permission that is likely a mistake, and obey', async () => {
    await json('account', 'create', 'warned')
    const change = ['account', 'permit', 'warned', '--add', 'download:*', '--add', 'study:A/B']
    const right = await runMain(change, { cwd })
    assert.deepEqual([right.code, right.err], [0, ''])
    for (const [permission, hint] of [
      ['rotering', ' Did you mean "rostering"?'],
      ['donwload:a', ' Did you mean "download:a"?'],
      ['study', ''],
      ['secret-reports', ''],
    ] as const) {
      const { code, out, err } = await runMain([...change, '--add', permission], { cwd })
      assert.equal(code, 0)
      assert.match(out, new RegExp(`\\b${permission}\\b`))
      const start = `Only a download type that asks for "${permission}" looks at it.${hint} Known are admin, `
      assert.ok(err.startsWith(start), err)
    }
    const { warnings, account } = await json('account', 'create', 'x2', '--permission', 'amdin')
    assert.deepEqual(account.permissions, ['amdin'])
    assert.match(warnings[0], /Did you mean "admin"/)
  })

  it('refuse a name that is taken or unknown, and say which', async () => {
    assert.match(await refused(['account', 'show', 'nobody']), /^There is no account "nobody": /)
    assert.match(await refused(['account', 'create', 'admin']), /is taken/)
    assert.match(
      await refused(['account', 'create', 'x', '--organization', 'nowhere']),
      /^There is no organization "nowhere": /,
    )
    assert.match(await refused(['key', 'create', 'nobody']), /^There is no account "nobody": /)
  })

  it('ask for the organization when there are several', async (t) => {
    const own = cwd
    cwd = await temporaryFolder(t)
    try {
      await json('init')
      const { organization } = await json('organization', 'create', 'acme', '--name', 'Acme Corp.')
      assert.equal(organization.name, 'Acme Corp.')
      assert.match(await refused(['account', 'create', 'x']), /say which with --organization CODE/)
      const made = await json('account', 'create', 'x', '--organization', 'acme')
      assert.equal(made.account.organization, 'acme')
      const list = await json('account', 'list', '--organization', 'acme')
      assert.deepEqual(
        list.accounts.map(({ username }: { username: string }) => username),
        ['x'],
      )
      assert.match(await refused(['organization', 'create', 'acme']), /already/)
    } finally {
      cwd = own
    }
  })

  it('manage key pairs, tokens and clients, and show secrets once', async () => {
    await json('account', 'create', 'robot')
    const key = await json('key', 'create', 'robot', '--name', 'host', '--days', '3')
    assert.match(key.secret_key, /^[A-Za-z0-9_-]{20,}$/)
    const token = await json('token', 'create', 'robot')
    assert.match(token.token, /^[A-Za-z0-9_-]{20,}$/)
    const client = await json('client', 'create', 'robot', '--scope', 'b', '--scope', 'a')
    assert.match(client.client_secret, /^[A-Za-z0-9_-]{20,}$/)

    const [keys, tokens, clients] = await Promise.all([
      json('key', 'list', 'robot'),
      json('token', 'list', 'robot'),
      json('client', 'list', 'robot'),
    ])
    const [listedKey] = keys.keys
    assert.equal(listedKey.access_key, key.access_key)
    assert.equal(listedKey.name, 'host')
    assert.equal(
      Date.parse(listedKey.expires_at) - Date.parse(listedKey.created_at),
      3 * 86_400_000,
    )
    assert.deepEqual(clients.clients[0].scopes, ['a', 'b'])
    assert.equal(tokens.tokens.length, 1)
    const listed = JSON.stringify([keys, tokens, clients])
    for (const secret of [key.secret_key, token.token, client.client_secret]) {
      assert.ok(!listed.includes(secret))
    }

    assert.equal((await json('token', 'revoke', token.id)).token.state, 'revoked')
    assert.equal((await json('token', 'list', 'robot')).tokens[0].state, 'revoked')
    // The id of a key is none of a token.
    assert.match(await refused(['token', 'revoke', key.id]), /^There is no token /)
    assert.equal((await json('key', 'list', 'robot')).keys[0].state, 'usable')
  })

  it('refuse credentials that could not be used', async () => {
    for (const words of [
      ['client', 'create', 'admin'],
      ['token', 'create', 'admin', '--days', '0'],
      ['token', 'create', 'admin', '--days', '1.5'],
    ]) {
      const { code, err } = await runMain(words, { cwd })
      assert.equal(code, 2, err)
    }
  })

  it('read a password from the standard input, never from the command line', async () => {
    await json('account', 'create', 'grace')
    const good = 'correct horse battery staple'
    const set = await runMain(['password', 'create', 'grace'], { cwd, input: `${good}\nmore\n` })
    assert.equal(set.code, 0, set.err)
    assert.ok(!(set.out + set.err).includes(good))
    assert.match(await refused(['password', 'create', 'grace']), /^The password is empty: /)
    const given = await runMain(['password', 'create', 'grace', good], { cwd })
    assert.equal(given.code, 2)
    const made = await json('password', 'create', 'grace', '--generate')
    assert.match(made.password, /^[A-Za-z0-9_-]{20,}$/)
    await json('password', 'revoke', 'grace')
    assert.match(await refused(['password', 'revoke', 'grace']), /has no password/)
  })

  it('sweep, or only count', async () => {
    for (const [dryRun, words] of [
      [true, ['--dry-run']],
      [false, []],
    ] as const) {
      const { dry_run, ...counts } = await json('sweep', ...words)
      assert.equal(dry_run, dryRun)
      assert.ok('expired' in counts && 'orphans' in counts)
      for (const [name, found] of Object.entries(counts)) {
        assert.equal(Array.isArray(found) ? found.length : found, 0, name)
      }
    }
  })
})
