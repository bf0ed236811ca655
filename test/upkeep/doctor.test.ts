import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { type Environment, readSettings } from '../../src/config.ts'
import { freeze } from '../../src/database/freeze.ts'
import { checkSlowCustomers } from '../../src/upkeep/doctor/check-slow-customers.ts'
import { examine } from '../../src/upkeep/doctor/examine.ts'
import type { Finding } from '../../src/upkeep/doctor/finding.ts'
import { seedAccount } from '../support/accounts.ts'
import { startFakeS3 } from '../support/fake-s3.ts'
import { newKey } from '../support/keys.ts'
import { runMain } from '../support/run-main.ts'
import { publish } from '../support/studies.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { createPostgresDatabase, noPostgres } from '../support/test-database.ts'
import { startTestServer } from '../support/test-server.ts'

const noOpenssl =
  spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'

describe('claimcheck doctor', () => {
  it('finds nothing wrong in what init has made, and a settings file that others may read', async (t) => {
    const cwd = await temporaryFolder(t)
    assert.equal((await runMain(['init'], { cwd })).code, 0)
    const well = await runMain(['doctor', '--json'], { cwd })
    assert.equal(well.code, 0, well.err)
    const { ok, findings } = JSON.parse(well.out) as { ok: boolean; findings: Finding[] }
    assert.equal(ok, true)
    assert.deepEqual(
      findings.filter(({ verdict, check }) => verdict !== 'ok' && !check.endsWith('-space')),
      [],
    )
    await chmod(join(cwd, 'claimcheck.env'), 0o644)
    const warned = await runMain(['doctor', '--quick'], { cwd })
    assert.equal(warned.code, 0, warned.err)
    assert.match(warned.out, /^warn +settings-file .+chmod 600 claimcheck\.env$/m)
    const refused = await runMain(['doctor'], { cwd, env: { CLAIMCHECK_PROT: '1' } })
    assert.equal(refused.code, 1)
    assert.match(refused.out, /^FAIL +settings .+did you mean CLAIMCHECK_PORT/m)
  })
})

describe('examine()', () => {
  it('makes nothing where nothing is', async (t) => {
    const { environment } = await setUp(t)
    const findings = await examineWith(environment)
    assert.match(findings.get('database')?.seen ?? '', /^There is no database at /)
    assert.match(findings.get('store')?.seen ?? '', /^There is no folder at /)
    assert.equal(existsSync(environment.CLAIMCHECK_DATA), false)
  })

  it('warns of keys that can be guessed or are used twice, and of proxies that are everybody', async (t) => {
    const { environment } = await setUp(t)
    const guessed = `k:${Buffer.from('correct horse battery staple, they say').toString('base64url')}`
    const findings = await examineWith({
      ...environment,
      CLAIMCHECK_SIGNING_KEYS: guessed,
      CLAIMCHECK_MASTER_KEYS: guessed,
      CLAIMCHECK_TRUSTED_PROXIES: '0.0.0.0/0',
      CLAIMCHECK_CONFIG: 'not-there.ts',
    })
    assert.equal(findings.get('signing-keys')?.verdict, 'warn')
    assert.equal(findings.get('keys-apart')?.verdict, 'warn')
    assert.equal(findings.get('trusted-proxies')?.verdict, 'fail')
  })

  it('counts what the store has too much and too little, and asks the public URL', async (t) => {
    const { environment, folder } = await setUp(t)
    const server = await startTestServer(t, { folder, environment })
    const { core } = server
    await seedAccount(core, 'ada', { organization: 'HAUC' })
    await publish(core, 'HAUC/TOURISM/2026', { 'a.csv': 'a', 'b.csv': 'b' })
    for await (const { key } of core.store.list('')) {
      await core.store.remove(key)
      break
    }
    const settings = { CLAIMCHECK_PUBLIC_URL: server.url, CLAIMCHECK_ORPHAN_GRACE_SECONDS: '0' }
    await core.store.put('left/behind', oneByte())
    const findings = await examineWith({ ...environment, ...settings })
    assert.match(findings.get('missing-objects')?.seen ?? '', /^1 file without an object/)
    assert.equal(findings.get('missing-objects')?.verdict, 'fail')
    assert.match(findings.get('orphans')?.seen ?? '', /^1 object without a row/)
    assert.equal(findings.get('public-url')?.verdict, 'ok')
    assert.equal(findings.get('store')?.verdict, 'ok')
    await freeze(core.database, 'a-move')
    const later = await examineWith({
      ...environment,
      CLAIMCHECK_PUBLIC_URL: 'http://127.0.0.1:1',
      CLAIMCHECK_MASTER_KEYS: newKey('another'),
    })
    assert.equal(later.get('database-move')?.verdict, 'warn')
    assert.equal(later.get('public-url')?.verdict, 'warn')
  })

  it('looks at PostgreSQL and at a bucket', { skip: noPostgres }, async (t) => {
    const { environment } = await setUp(t)
    const bucket = await startFakeS3(t)
    const url = await createPostgresDatabase()
    const findings = await examineWith({
      ...environment,
      ...bucket.environment,
      CLAIMCHECK_DATABASE_URL: url,
    })
    assert.match(findings.get('database')?.seen ?? '', /^PostgreSQL \d+\.\d+ answers/)
    assert.equal(findings.get('database-clock')?.verdict, 'ok')
    assert.equal(findings.get('database-schema')?.verdict, 'ok')
    assert.equal(findings.get('store')?.verdict, 'ok')
    const away = url.replace(/:\d+\//, ':1/')
    const refused = await examineWith({ ...environment, CLAIMCHECK_DATABASE_URL: away })
    assert.match(refused.get('database')?.seen ?? '', /does not answer/)
  })

  it('tells how long a certificate is good, and for whom', { skip: noOpenssl }, async (t) => {
    const { environment, folder } = await setUp(t)
    const cert = join(folder, 'cert.pem')
    const key = join(folder, 'key.pem')
    const make = (days: number) =>
      execFileSync(
        'openssl',
        [
          ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'.split(' '),
          ...['-subj', '/CN=files.example', '-addext', 'subjectAltName=DNS:files.example'],
          ...['-keyout', key, '-out', cert, '-days', String(days)],
        ],
        { stdio: 'ignore' },
      )
    const tls = {
      ...environment,
      CLAIMCHECK_TLS_CERT: cert,
      CLAIMCHECK_TLS_KEY: key,
      CLAIMCHECK_PUBLIC_URL: 'https://127.0.0.1:1',
    }
    make(90)
    const good = await examineWith(tls)
    assert.equal(good.get('tls-certificate')?.verdict, 'ok')
    assert.equal(good.get('tls-names')?.verdict, 'fail')
    make(7)
    assert.equal((await examineWith(tls)).get('tls-certificate')?.verdict, 'warn')
    const half = await examineWith({ ...environment, CLAIMCHECK_TLS_CERT: cert })
    assert.equal(half.get('tls-certificate')?.verdict, 'fail')
  })
})

describe('checkSlowCustomers()', () => {
  it('warns who serves others while the kernel takes as much as a buffer holds', async (t) => {
    const { environment, folder } = await setUp(t)
    const look = async (settings: Environment) =>
      await checkSlowCustomers(readSettings({ ...environment, ...settings }), folder)
    assert.deepEqual(await look({}), [])
    await writeFile(join(folder, 'tcp_wmem'), '4096\t16384\t4194304\n')
    await writeFile(join(folder, 'tcp_notsent_lowat'), '4294967295\n')
    const open = { CLAIMCHECK_PUBLIC_URL: 'https://files.example' }
    const [warned] = await look(open)
    assert.equal(warned?.verdict, 'warn')
    assert.match(warned.seen, / 4096 KiB /)
    assert.match(warned.todo ?? '', /net\.ipv4\.tcp_notsent_lowat = 131072/)
    assert.equal((await look({ CLAIMCHECK_HOST: '0.0.0.0' }))[0]?.verdict, 'warn')
    assert.equal((await look({}))[0]?.verdict, 'ok')
    await writeFile(join(folder, 'tcp_notsent_lowat'), '131072\n')
    const [bounded] = await look(open)
    assert.equal(bounded?.verdict, 'ok')
    assert.match(bounded.seen, / 128 KiB /)
  })
})

async function setUp(t: TestContext) {
  const folder = await temporaryFolder(t)
  const data = join(folder, 'data')
  const environment = {
    CLAIMCHECK_SIGNING_KEYS: newKey('test'),
    CLAIMCHECK_MASTER_KEYS: newKey('test'),
    CLAIMCHECK_DATA: data,
    CLAIMCHECK_DATABASE_URL: `sqlite:${join(data, 'claimcheck.sqlite')}`,
  }
  return { folder, environment }
}

async function examineWith(environment: Environment): Promise<Map<string, Finding>> {
  const findings = new Map<string, Finding>()
  const { signal } = new AbortController()
  const settings = readSettings(environment)
  const loadConfig = async () => ({
    downloadTypes: new Map(),
    producers: new Map(),
    prepareFile: null,
  })
  for await (const finding of examine({ settings, loadConfig, quick: false, signal })) {
    findings.set(finding.check, finding)
  }
  return findings
}

async function* oneByte() {
  yield Buffer.from('x')
}
