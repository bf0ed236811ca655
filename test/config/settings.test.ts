import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { type Environment, readSettings, reportSettings, SettingsError } from '../../src/config.ts'
import type { S3Address } from '../../src/s3-address.ts'
import { childEnvironment } from '../support/child-environment.ts'
import { main } from '../support/main.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const secret = randomBytes(32).toString('base64url')
const other = randomBytes(64).toString('base64url')

describe('readSettings()', () => {
  it('has a default for everything', () => {
    const settings = readSettings({})
    assert.equal(settings.host, '127.0.0.1')
    assert.equal(settings.port, 8080)
    assert.deepEqual(settings.database, { engine: 'sqlite', path: './data/claimcheck.sqlite' })
    assert.deepEqual(settings.storage, { engine: 'file', path: './data/objects' })
    assert.deepEqual(settings.trustedProxies, [])
    assert.deepEqual(settings.signingKeys, [])
    assert.equal(settings.publicUrl, null)
    assert.equal(settings.config, null)
    assert.equal(settings.signedUrlSeconds, 900)
    assert.equal(settings.downloadsProfile, 'documented')
  })

  it('is frozen', () => {
    assert.ok(Object.isFrozen(readSettings({})))
  })

  it('takes an empty variable as not set', () => {
    assert.equal(readSettings({ CLAIMCHECK_PORT: '', CLAIMCHECK_DATA: '' }).port, 8080)
  })

  it('puts the database and the objects into the data folder, whatever its name', () => {
    const settings = readSettings({ CLAIMCHECK_DATA: '/srv/$& files' })
    assert.deepEqual(settings.database, {
      engine: 'sqlite',
      path: '/srv/$& files/claimcheck.sqlite',
    })
    assert.deepEqual(settings.storage, { engine: 'file', path: '/srv/$& files/objects' })
  })

  it('keeps secrets from being printed', () => {
    const settings = readSettings({ CLAIMCHECK_SIGNING_KEYS: `a:${secret},b:${other}` })
    assert.deepEqual(
      settings.signingKeys.map(({ id, secret }) => [id, secret.length]),
      [
        ['a', 32],
        ['b', 64],
      ],
    )
    const bytes = inspect(Buffer.from(secret, 'base64url')).slice(8, 30)
    const printed = JSON.stringify(settings) + inspect(settings, { depth: null })
    assert.ok(!printed.includes(secret) && !printed.includes(bytes))
  })

  const right: [string, string, unknown][] = [
    ['PORT', '0', ['port', 0]],
    ['PUBLIC_URL', 'https://Files.example:8443', ['publicUrl', 'https://files.example:8443']],
    ['PUBLIC_URL', 'http://[::1]/', ['publicUrl', 'http://[::1]']],
    ['TRUSTED_PROXIES', '10.0.0.0/8, ::1', ['trustedProxies', ['10.0.0.0/8', '::1']]],
    ['DATABASE_URL', 'sqlite::memory:', ['database', { engine: 'sqlite', path: ':memory:' }]],
    [
      'DATABASE_URL',
      'postgres://u:p@h/d',
      ['database', { engine: 'postgres', url: 'postgres://u:p@h/d' }],
    ],
    ['STORAGE_URL', 'file:///srv/o', ['storage', { engine: 'file', path: '/srv/o' }]],
    ['JOB_CONCURRENCY', '0', ['jobConcurrency', 0]],
  ]
  for (const [name, value, [key, expected]] of right as [string, string, [string, unknown]][]) {
    it(`takes ${name}=${value}`, () => {
      const settings: Record<string, unknown> = readSettings({ [`CLAIMCHECK_${name}`]: value })
      assert.deepEqual(settings[key], expected)
    })
  }

  const wrong: [string, string][] = [
    ['HOST', 'http://127.0.0.1'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', '0x50'],
    ['DATA', 'a\0b'],
    ['PUBLIC_URL', 'files.example'],
    ['PUBLIC_URL', 'ftp://files.example'],
    ['PUBLIC_URL', 'https://files.example/path'],
    ['PUBLIC_URL', 'https://files.example/?'],
    ['PUBLIC_URL', 'https://me@files.example'],
    ['TRUSTED_PROXIES', 'loopback'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRUSTED_PROXIES', '10.0.0.1,'],
    ['DATABASE_URL', 'mysql://h/d'],
    ['DATABASE_URL', 'sqlite:'],
    ['STORAGE_URL', '/srv/objects'],
    ['SIGNED_URL_SECONDS', '0'],
    ['SIGNED_URL_SECONDS', '604801'],
    ['LEASE_SECONDS', '0'],
    ['JOB_CONCURRENCY', '65'],
    ['LOG_LEVEL', 'INFO'],
    ['DOWNLOADS_PROFILE', 'shiped'],
  ]
  for (const [name, value] of wrong) {
    it(`refuses ${name}=${JSON.stringify(value)}, naming it, the value and what is wanted`, () => {
      const message = refusal({ [`CLAIMCHECK_${name}`]: value })
      assert.ok(
        message.startsWith(`CLAIMCHECK_${name} "${value}" is not valid: expected `),
        message,
      )
      assert.match(message, /\.$/)
    })
  }

  const wrongKeys = [
    ...['a', ' , ', `:${secret}`, 'a:', `a:${secret.slice(0, 40)}`, `a b:${secret}`],
    ...[`a:${secret},a:${other}`, `a:${secret},b:***`, `${'a'.repeat(33)}:${secret}`],
    `a:${Buffer.alloc(40, 255).toString('base64')}`,
  ]
  for (const value of wrongKeys) {
    it(`refuses keys like ${value.replaceAll(/[\w-]{33,}/g, '…')} without showing them`, () => {
      for (const name of ['CLAIMCHECK_SIGNING_KEYS', 'CLAIMCHECK_MASTER_KEYS']) {
        const message = refusal({ [name]: value })
        assert.ok(message.startsWith(`${name} is not valid: expected `), message)
        assert.ok(!message.includes(secret.slice(0, 40)))
      }
    })
  }

  for (const value of ['mysql://u:pa/ss@h', 'postgres//u:pass@h', 's3:/u:pass@b']) {
    it(`refuses the URL ${value} without its password`, () => {
      const name = value.startsWith('s3') ? 'CLAIMCHECK_STORAGE_URL' : 'CLAIMCHECK_DATABASE_URL'
      assert.doesNotMatch(refusal({ [name]: value }), /pass|pa\/ss/)
    })
  }

  it('refuses an unknown name and says which one was meant', () => {
    const message = refusal({ CLAIMCHECK_PBULIC_URL: 'x' })
    assert.match(message, /CLAIMCHECK_PBULIC_URL .*did you mean CLAIMCHECK_PUBLIC_URL\?/)
    assert.match(refusal({ CLAIMCHECK_ZZZZZZ: 'x' }), /docs\/settings\.md/)
  })

  it('leaves alone what belongs to others', () => {
    const names = ['PATH', 'CLAIMCHECK_TOKEN', 'CLAIMCHECK_CLIENT_SECRET', 'CLAIMCHECK_TEST_SIZE']
    readSettings(Object.fromEntries(names.map((name) => [name, 'x'])))
  })

  it('calls a setting what the operator called it', () => {
    const read = () => readSettings({ CLAIMCHECK_PORT: 'x' }, { CLAIMCHECK_PORT: '--port' })
    assert.throws(read, { message: '--port "x" is not valid: expected a port from 0 to 65535.' })
  })
})

describe('CLAIMCHECK_STORAGE_URL of a bucket', () => {
  const name = 'CLAIMCHECK_STORAGE_URL'
  const right: [string, Partial<S3Address>][] = [
    ['s3://bucket', { bucket: 'bucket', prefix: '', pathStyle: false, region: 'us-east-1' }],
    ['s3://bucket', { endpoint: 'https://s3.us-east-1.amazonaws.com' }],
    ['s3://bucket?region=eu-west-3', { endpoint: 'https://s3.eu-west-3.amazonaws.com' }],
    ['s3://bucket/a/b/', { prefix: 'a/b/' }],
    ['s3://my.bucket/a', { prefix: 'a/', pathStyle: true }],
    ['s3://bucket?endpoint=http://127.0.0.1:9000', { pathStyle: true }],
    ['s3://bucket?endpoint=https://s.example&pathStyle=false', { pathStyle: false }],
    ['s3://bucket?endpoint=https://s.example', { publicEndpoint: 'https://s.example' }],
    [
      's3://bucket?endpoint=http://in:9000&publicEndpoint=https://out.example',
      { endpoint: 'http://in:9000', publicEndpoint: 'https://out.example' },
    ],
  ]
  for (const [url, expected] of right) {
    it(`takes ${url}`, () => {
      const { storage } = readSettings({ [name]: url })
      assert.ok(storage.engine === 's3')
      assert.deepEqual({ ...storage.address, ...expected }, storage.address)
    })
  }

  const wrong = [
    ...['s3://b', 's3:///x', 's3://bucket/a%20b', 's3://bucket/a//b', 's3://bucket?bucket=x'],
    ...['s3://bucket?endpoint=ftp://x', 's3://bucket?endpoint=http://x/y', 's3://bucket#x'],
    ...['s3://bucket?pathStyle=yes', 's3://bucket?region=EU', 's3://key:secret@bucket'],
  ]
  for (const url of wrong) {
    it(`refuses ${url}`, () => assert.throws(() => readSettings({ [name]: url }), SettingsError))
  }

  it('goes with the credentials of other programs where ours are not set', () => {
    const aws = { AWS_ACCESS_KEY_ID: 'theirs', AWS_SECRET_ACCESS_KEY: 'their secret' }
    const theirs = readSettings(aws)
    assert.equal(theirs.s3AccessKeyId, 'theirs')
    assert.equal(theirs.s3SecretAccessKey?.text, 'their secret')
    assert.doesNotMatch(JSON.stringify(theirs) + inspect(theirs, { depth: null }), /their secret/)
    const ours = readSettings({ ...aws, CLAIMCHECK_S3_ACCESS_KEY_ID: 'ours' })
    assert.equal(ours.s3AccessKeyId, 'ours')
    assert.doesNotMatch(JSON.stringify(reportSettings(aws)), /their secret/)
  })
})

describe('reportSettings()', () => {
  it('hides secrets and the passwords of URLs', () => {
    const report = JSON.stringify(
      reportSettings({
        CLAIMCHECK_MASTER_KEYS: `a:${secret}`,
        CLAIMCHECK_DATABASE_URL: 'postgres://claims:hunter2@db/claims',
        CLAIMCHECK_STORAGE_URL: 's3://bucket?secretAccessKey=hunter3&endpoint=x',
      }),
    )
    assert.ok(!report.includes(secret))
    assert.doesNotMatch(report, /hunter/)
    assert.match(report, /postgres:\/\/claims:\(hidden\)@db\/claims/)
    assert.match(report, /endpoint=x/)
  })

  it('says what is set and what is by default', () => {
    const [host, port] = reportSettings({ CLAIMCHECK_PORT: '81' })
    assert.deepEqual([host?.isSet, host?.value], [false, '127.0.0.1'])
    assert.deepEqual([port?.isSet, port?.value, port?.default], [true, '81', '8080'])
  })
})

describe('where settings come from', () => {
  it('is the process over claimcheck.env over the defaults', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(
      join(folder, 'claimcheck.env'),
      'CLAIMCHECK_PORT=81\nCLAIMCHECK_HOST="::1" # ours\nOTHER=1\n',
    )
    const values = settingsIn(folder, [], { CLAIMCHECK_PORT: '82' })
    assert.equal(values.CLAIMCHECK_PORT, '82')
    assert.equal(values.CLAIMCHECK_HOST, '::1')
    assert.equal(values.CLAIMCHECK_LOG_LEVEL, 'info')
  })

  it('is another file when --settings names it', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'claimcheck.env'), 'CLAIMCHECK_PORT=81\n')
    await writeFile(join(folder, 'other.env'), 'CLAIMCHECK_HOST=::1\n')
    const values = settingsIn(folder, ['--settings', 'other.env'])
    assert.equal(values.CLAIMCHECK_HOST, '::1')
    assert.equal(values.CLAIMCHECK_PORT, '8080')
  })

  it('is refused when a named file is missing', async (t) => {
    const folder = await temporaryFolder(t)
    const { status, stderr } = run(folder, ['--settings', 'missing.env'])
    assert.equal(status, 1)
    assert.match(
      stderr,
      /^\{"error":\{"code":"settings","message":"The settings file missing\.env cannot be read: [^"]+"\}\}\n$/,
    )
  })

  it('finds claimcheck.config.ts in the working folder', async (t) => {
    const folder = await temporaryFolder(t)
    assert.equal(settingsIn(folder).CLAIMCHECK_CONFIG, null)
    await writeFile(join(folder, 'claimcheck.config.ts'), '')
    assert.equal(settingsIn(folder).CLAIMCHECK_CONFIG, './claimcheck.config.ts')
  })
})

function refusal(environment: Environment): string {
  try {
    readSettings(environment)
  } catch (error) {
    assert.ok(error instanceof SettingsError)
    return error.message
  }
  assert.fail('nothing was refused')
}

function run(cwd: string, args: string[], env: Record<string, string> = {}) {
  return spawnSync(process.execPath, [main, 'settings', '--json', ...args], {
    cwd,
    env: childEnvironment(env),
    encoding: 'utf8',
  })
}

function settingsIn(
  cwd: string,
  args: string[] = [],
  env: Record<string, string> = {},
): Record<string, string | null> {
  const { stdout, stderr, status } = run(cwd, args, env)
  assert.equal(status, 0, stderr)
  const { settings } = JSON.parse(stdout) as {
    settings: { name: string; value: string | null }[]
  }
  return Object.fromEntries(settings.map(({ name, value }) => [name, value]))
}
