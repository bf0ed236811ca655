import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { before, describe, it } from 'node:test'
import { main } from '../support/main.ts'
import { type RunResult, runMain } from '../support/run-main.ts'

const run = (...words: string[]) => runMain(words, { cwd: tmpdir() })

describe('claimcheck', () => {
  it('explains itself', async () => {
    const shown = await Promise.all([run(), run('--help'), run('-h'), run('help')])
    for (const { code, out, err } of shown) {
      assert.equal(code, 0)
      assert.equal(err, '')
      assert.match(out, /^Usage: claimcheck <command> \[options\]$/m)
      assert.match(out, /^ {2}init {2,}\S/m)
    }
  })

  it('explains a command with examples', async () => {
    const shown = await Promise.all([
      run('account', 'create', '--help'),
      run('help', 'account', 'create'),
    ])
    for (const { code, out } of shown) {
      assert.equal(code, 0)
      assert.match(out, /^Usage: claimcheck account create <username> \[options\]$/m)
      assert.match(out, /^Examples:\n {2}# .+\n {2}claimcheck account create /m)
    }
  })

  it('tells its version', async () => {
    const { version } = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    ) as { version: string }
    assert.equal((await run('--version')).out, `${version}\n`)
    assert.equal((await run('version')).out, `${version}\n`)
    assert.deepEqual(JSON.parse((await run('version', '--json')).out), {
      version,
      node: process.versions.node,
    })
  })

  const wrong: [string[], RegExp][] = [
    [['acount'], /^There is no command "acount": did you mean "claimcheck account"\?\n$/],
    [['account', 'craete'], /did you mean "claimcheck account create"\?\n$/],
    [['zzzzzz'], /^There is no command "zzzzzz": "claimcheck --help" lists what there is\.\n$/],
    [['--hlep'], /^There is no option "--hlep": did you mean "claimcheck --help"\?\n$/],
    [
      ['settings', '--jsn'],
      /^There is no option --jsn: did you mean --json\? See "claimcheck settings --help"\.\n$/,
    ],
    [['account', 'create'], /^<username> is missing\. See "claimcheck account create --help"\.\n$/],
    [['account', 'permit', 'ada'], /^Say what to change: .+\n$/],
  ]
  for (const [words, expected] of wrong) {
    it(`refuses "${words.join(' ')}" in one sentence, with exit code 2`, async () => {
      const { code, out, err } = await run(...words)
      assert.equal(code, 2)
      assert.equal(out, '')
      assert.match(err, expected)
    })
  }

  it('says in one sentence that its result cannot be written', {
    skip: existsSync('/dev/full') ? false : 'no such device',
  }, () => {
    const full = openSync('/dev/full', 'w')
    const { status, stderr } = spawnSync(process.execPath, [main, 'version'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    })
    closeSync(full)
    assert.equal(stderr, 'Cannot write the standard output: the disk is full (ENOSPC).\n')
    assert.equal(status, 1)
  })

  it('says in one sentence that Node is too old, before it imports anything', async () => {
    // The file as an old Node gets it: its first statements, under the version of such a Node.
    const source = readFileSync(main, 'utf8')
    assert.doesNotMatch(source, /^import /m)
    const check = source.slice(0, source.indexOf('const { run,'))
    assert.doesNotMatch(check, /import\(/)
    const old = `Object.defineProperty(process, 'version', { value: 'v20.19.0' })
      Object.defineProperty(process.versions, 'node', { value: '20.19.0' })`
    const script = `${old}\n${check.replace(/^#!.*/, '')}`
    const { status, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' })
    assert.equal(status, 1)
    assert.match(
      stderr,
      /^Claimcheck needs Node\.js 24 or newer for this, and this is v20\.19\.0: .+\.\n$/,
    )
  })
})

describe('claimcheck where nothing is initialised', () => {
  let result: RunResult
  before(async () => {
    result = await run('account', 'list')
  })

  it('says so and does nothing', () => {
    assert.equal(result.code, 1)
    assert.match(result.err, /^Claimcheck is not initialised here: run "claimcheck init" .+\n$/)
    assert.doesNotMatch(result.err, /^ {4}at /m)
  })
})
