import assert from 'node:assert/strict'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { startHostileServer } from '../support/hostile-server.ts'
import { runMain } from '../support/run-main.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** A keyring as a program: it keeps what it is told, and notes what it was asked. */
const keyring = `#!/bin/sh
store="$(dirname "$0")/keyring"
input="$(cat)"
printf '%s\\n%s\\n' "$1" "$input" >> "$store.log"
case "$1" in
  store) printf '%s\\n' "$input" > "$store" ;;
  get) if [ -f "$store" ]; then cat "$store"; fi ;;
  erase) rm "$store" ;;
esac
`

async function setUp(t: TestContext) {
  const cwd = await temporaryFolder(t)
  const helper = join(cwd, 'git-credential-fake')
  await writeFile(helper, keyring)
  await chmod(helper, 0o755)
  const server = await startHostileServer(t)
  const secrets: string[] = []
  server.handle = ({ headers, url }, response) => {
    secrets.push(headers.authorization ?? 'none')
    response.end(url === '/v1/me' ? '{"username":"ada"}' : '{"state":"done"}')
    return true
  }
  const env = { XDG_CONFIG_HOME: cwd, PATH: `${cwd}:${process.env.PATH}` }
  const run = (words: string[], input = '') => runMain(words, { cwd, env, input })
  const read = (name: string) => readFile(join(cwd, name), 'utf8')
  return { server, helper, secrets, run, read }
}

describe('a credential helper', () => {
  for (const [kind, words, field, username] of [
    ['a token', [], 'Bearer s3cret', 'claimcheck-token'],
    ['a password', ['--user', 'ada'], `Basic ${btoa('ada:s3cret')}`, 'ada'],
  ] as const) {
    it(`keeps ${kind} in place of the file of profiles`, async (t) => {
      const { server, secrets, run, read } = await setUp(t)
      const login = await run(['login', server.url, ...words, '--helper', 'fake'], 's3cret\n')
      assert.equal(login.code, 0, login.err)
      assert.doesNotMatch(await read('claimcheck/profiles.json'), /s3cret/)
      const { host } = new URL(server.url)
      assert.equal(
        await read('keyring'),
        `protocol=http\nhost=${host}\nusername=${username}\npassword=s3cret\n`,
      )
      const { code, err } = await run(['wait', `${server.url}/v1/deliveries/x`])
      assert.equal(code, 0, err)
      assert.equal(secrets.at(-1), field)
      assert.match(await read('keyring.log'), /^get\nprotocol=http\nhost=\S+\nusername=\S+\n$/m)
      const forgotten = await run(['login', server.url, '--forget'])
      assert.equal(forgotten.code, 0, forgotten.err)
      await assert.rejects(read('keyring'), { code: 'ENOENT' })
      assert.deepEqual(JSON.parse(await read('claimcheck/profiles.json')), { profiles: {} })
      const twice = await run(['login', server.url, '--forget'])
      assert.deepEqual(
        [twice.code, twice.err],
        [1, `There is no such profile for ${server.url}.\n`],
      )
    })
  }

  it('may be a path or a command line of the shell', async (t) => {
    const { server, helper, secrets, run } = await setUp(t)
    for (const named of [helper, `!"${helper}"`]) {
      const login = await run(['login', server.url, '--helper', named], `of ${named.length}\n`)
      assert.equal(login.code, 0, login.err)
      assert.equal((await run(['wait', `${server.url}/v1/deliveries/x`])).code, 0)
      assert.equal(secrets.at(-1), `Bearer of ${named.length}`)
    }
  })

  it('names a helper that cannot be run, that fails, or that has no secret', async (t) => {
    const { server, run } = await setUp(t)
    const absent = await run(['login', server.url, '--helper', 'absent'], 's3cret\n')
    assert.equal(absent.code, 1)
    assert.match(absent.err, /"git-credential-absent" cannot be run: is it installed/)
    const failing = await run(['login', server.url, '--helper', '!exit 3;'], 's3cret\n')
    assert.match(failing.err, /failed at "store" \(3\)/)
    await run(['login', server.url, '--helper', '!true'], 's3cret\n')
    const empty = await run(['wait', `${server.url}/v1/deliveries/x`])
    assert.match(empty.err, /has no secret for .*claimcheck login/)
  })

  it('is not asked when the environment has a secret', async (t) => {
    const { server, run } = await setUp(t)
    await run(['login', server.url, '--helper', '!true'], 's3cret\n')
    const { code } = await runMain(['wait', `${server.url}/v1/deliveries/x`], {
      cwd: '.',
      env: { CLAIMCHECK_TOKEN: 'other' },
    })
    assert.equal(code, 0)
  })
})
