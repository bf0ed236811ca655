import assert from 'node:assert/strict'
import { chmodSync, chownSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { sql } from 'kysely'
import pg from 'pg'
import { openPostgres } from '../../src/database/open-postgres.ts'
import { makeCertificate } from '../support/certificate.ts'
import { type LaunchedPostgres, launchPostgres } from '../support/launch-postgres.ts'
import { missing } from '../support/real-proxy.ts'
import { suiteCleanup } from '../support/suite-cleanup.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { noPostgres, testLimits } from '../support/test-database.ts'
import { until } from '../support/until.ts'

describe('PostgreSQL over TLS', { skip: noPostgres || missing('openssl', 'version') }, () => {
  const cleanup = suiteCleanup()
  let server: LaunchedPostgres
  let authority: string
  before(async () => {
    const folder = await temporaryFolder(cleanup)
    server = await launchPostgres(folder, 'spared')
    cleanup.after(() => server.stop('immediate'))
    authority = await switchOn(server, folder)
  })

  it('is not spoken to while nobody vouches for its certificate, however TLS is asked for', async () => {
    for (const mode of ['verify-full', 'require', 'prefer']) {
      await assert.rejects(
        openPostgres(`${server.url}?sslmode=${mode}`, testLimits),
        /certificate for which nobody known here vouches: .* sslrootcert/,
      )
    }
  })

  it('is spoken to in secret once its authority is named', async (t) => {
    const warnings: string[] = []
    const note = ({ message }: Error) => void warnings.push(message)
    process.on('warning', note)
    t.after(() => process.off('warning', note))
    const url = `${server.url}?sslmode=require&sslrootcert=${authority}`
    const database = await openPostgres(url, testLimits)
    t.after(() => database.close())
    const { rows } = await sql<{ secret: boolean }>`
      select bool_and(ssl) as secret from pg_stat_ssl join pg_stat_activity using (pid)
      where application_name = 'claimcheck'`.execute(database.kysely)
    assert.deepEqual(rows, [{ secret: true }])
    assert.deepEqual(warnings, [])
  })
})

/** Returns the path of the authority's certificate. */
async function switchOn(server: LaunchedPostgres, folder: string): Promise<string> {
  makeCertificate(folder)
  const [cert, key] = [join(folder, 'fullchain.pem'), join(folder, 'privkey.pem')]
  // PostgreSQL wants a key of its own, which nobody else may read.
  const { uid, gid } = statSync(join(folder, 'data'))
  chownSync(key, uid, gid)
  chmodSync(key, 0o600)
  const admin = new pg.Client(server.url)
  await admin.connect()
  for (const [name, value] of [
    ['ssl_cert_file', cert],
    ['ssl_key_file', key],
    ['ssl', 'on'],
  ]) {
    await admin.query(`alter system set ${name} = '${value}'`)
  }
  await admin.query('select pg_reload_conf()')
  await until('PostgreSQL has read its settings', async () => {
    const { rows } = await admin.query<{ ssl: string }>('show ssl')
    return rows[0]?.ssl === 'on'
  })
  await admin.end()
  return cert
}
