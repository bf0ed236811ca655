import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { sql } from 'kysely'
import pg from 'pg'
import { DeliveryError } from '../../src/core/errors.ts'
import { openPostgres } from '../../src/database/open-postgres.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { runMain } from '../support/run-main.ts'
import { sized } from '../support/size.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { testLimits } from '../support/test-database.ts'
import type { TestAccount } from '../support/test-server.ts'
import { until } from '../support/until.ts'
import { by, type DeliveryJson, startWorld, type World } from '../support/v1-world.ts'

describe('while PostgreSQL is away', () => {
  it('each API says so in its own form, and all goes on by itself once it is back', async (t) => {
    const server = await startPostgres(t)
    if (server === null) return
    const world = await startOver(t, server)
    const url = world.server.url
    const { id } = await world.helloOf(world.ada)
    const file = await signedUrlOf(world, id)
    const heard: (string | null)[] = []
    t.after(
      world.server.core.database.signals.subscribe('access', (payload) => heard.push(payload)),
    )

    await server.crash()
    const key = `Basic ${btoa(`${world.ada.accessKey}:${world.ada.secretKey}`)}`
    for (const [name, path, authorization] of [
      ['v1', '/v1/deliveries', world.ada.headers.authorization],
      ['downloads', '/api/downloads/x', world.ada.headers.authorization],
      ['orders', '/api/v1/rs-order/user/orders', world.ada.headers.authorization],
      ['studies', '/api_file/v1/acme', key],
      ['port orders', '/v2/portorders', key],
      ['imports', '/api/v1/status?referenceId=x', world.ada.headers.authorization],
      ['token endpoint', '/oauth2/token', null],
      ['signed URL', file.replace(url, ''), null],
    ] as const) {
      const answer = await fetch(url + path, {
        redirect: 'manual',
        ...(name === 'token endpoint' ? clientCredentials(world.ada) : {}),
        ...(authorization === null ? {} : { headers: { authorization } }),
      })
      const body = await answer.text()
      assert.equal(answer.status, 503, `${name}: ${body}`)
      assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d*$/, name)
      assert.doesNotMatch(body, /ECONN|127\.0\.0\.1|postgres/i, name)
    }
    assert.equal((await fetch(`${url}/readyz`)).status, 503)
    assert.equal((await fetch(`${url}/healthz`)).status, 200)

    await server.start()
    await until('it is ready', async () => (await fetch(`${url}/readyz`)).status === 200)
    assert.equal(await (await fetch(file)).text(), 'Hello\n')
    assert.equal((await world.helloOf(world.ada)).state, 'done')
    // Whoever listens is told that signals may have been missed.
    await until('they are woken', () => heard.includes(null))
  })

  it('nothing that was acknowledged is lost, and nothing is done twice', async (t) => {
    const server = await startPostgres(t)
    if (server === null) return
    const world = await startOver(t, server)
    const acknowledged = new Set<string>()
    let stopped = false
    let refused = 0
    const client = async () => {
      while (!stopped) {
        const key = randomUUID()
        for (;;) {
          const answer = await fetch(`${world.server.url}/v1/deliveries`, {
            method: 'POST',
            headers: {
              ...world.ada.headers,
              'content-type': 'application/json',
              'idempotency-key': key,
            },
            body: '{"type":"hello"}',
          })
          const delivery = (await answer.json()) as DeliveryJson
          if (answer.status === 201) {
            assert.equal(acknowledged.has(delivery.id), false)
            acknowledged.add(delivery.id)
            break
          }
          assert.equal(answer.status, 503)
          refused += 1
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      }
    }
    const clients = Array.from({ length: 10 }, client)
    for (let round = 0; round < sized(2, 10); round++) {
      const before = { acknowledged: acknowledged.size, refused }
      await until('they are at work', () => acknowledged.size > before.acknowledged + 10)
      await (round % 2 === 0 ? server.stop() : server.crash())
      await until('they notice', () => refused > before.refused)
      await server.start()
    }
    stopped = true
    await Promise.all(clients)
    const { kysely } = world.server.core.database
    const states = async () =>
      await kysely
        .selectFrom('deliveries')
        .select(({ fn }) => ['state', fn.countAll<number>().as('count')])
        .groupBy('state')
        .execute()
    await until('all are done', async () => (await states()).every(({ state }) => state === 'done'))
    assert.deepEqual(await states(), [{ state: 'done', count: acknowledged.size }])
    const files = await kysely
      .selectFrom('delivery_files')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    assert.equal(files.count, acknowledged.size)
  })

  it('a server that only reads is waited for, and so is a statement that takes too long', async (t) => {
    const server = await startPostgres(t)
    if (server === null) return
    const world = await startOver(t, server, { CLAIMCHECK_JOB_CONCURRENCY: '0' })
    const admin = new pg.Client(server.url)
    admin.on('error', () => {})
    await admin.connect()
    t.after(() => admin.end())
    const create = () => world.ask('POST', '/v1/deliveries', by(world.ada, { body: hello }))
    await admin.query('alter system set default_transaction_read_only = on')
    await admin.query('select pg_reload_conf()')
    await until('it takes no changes', async () => (await create()).status === 503)
    const list = await world.ask('GET', '/v1/deliveries', by(world.ada))
    assert.equal(list.status, 200)
    await admin.query('set default_transaction_read_only = off')
    await admin.query('alter system reset default_transaction_read_only')
    await admin.query('select pg_reload_conf()')
    await until('it takes them again', async () => (await create()).status === 201)

    const node = await openPostgres(server.url, { ...testLimits, statementSeconds: 1 })
    t.after(() => node.close())
    await assert.rejects(sql`select pg_sleep(60)`.execute(node.kysely), unavailable)
    await assert.rejects(
      node.transaction((db) => sql`select pg_sleep(60)`.execute(db)),
      unavailable,
    )
    // A table that another one holds is waited for no longer.
    await admin.query('begin')
    await admin.query('lock table jobs in access exclusive mode')
    await assert.rejects(node.kysely.selectFrom('jobs').selectAll().execute(), unavailable)
    await admin.query('rollback')
    assert.deepEqual(await node.kysely.selectFrom('jobs').select('number').limit(0).execute(), [])
  })

  it('who starts a server over it is told why in one sentence', async (t) => {
    const server = await startPostgres(t)
    if (server === null) return
    const cases: [url: string, said: RegExp][] = []
    const change = (part: 'username' | 'password' | 'pathname', value: string) => {
      const url = new URL(server.url)
      url[part] = value
      return url.href
    }
    cases.push([
      change('password', 'secret-but-wrong'),
      /refuses the password of user "postgres"\./,
    ])
    cases.push([
      change('password', ''),
      /asks user "postgres" for a password: put it into PGPASSWORD or ~\/\.pgpass\./,
    ])
    cases.push([change('username', 'nobody'), /refuses the password of user "nobody"\./])
    cases.push([change('pathname', '/missing'), /has no database "missing": create it with/])
    cases.push(['postgres://u:p@127.0.0.1:1/x', /127\.0\.0\.1:1 does not answer/])
    cases.push(['postgres://u:p@claimcheck.invalid/x', /claimcheck\.invalid:5432 cannot be found/])
    for (const [url, said] of cases) {
      await assert.rejects(openPostgres(url, testLimits), (error: Error) => {
        assert.match(error.message, said)
        assert.match(error.message, / Check CLAIMCHECK_DATABASE_URL\.$/)
        assert.doesNotMatch(error.message, /secret-but-wrong/)
        return true
      })
    }
    const folder = await temporaryFolder(t)
    const run = (url: string) =>
      runMain(['init'], { cwd: folder, env: { CLAIMCHECK_DATABASE_URL: url } })
    const refused = await run(change('pathname', '/missing'))
    assert.equal(refused.code, 1)
    assert.match(refused.err, /^PostgreSQL at .* has no database "missing".*\n$/)
    const made = await run(server.url)
    assert.equal(made.code, 0, made.err)
    assert.match(made.out, /^organization +main$/m)
  })
})

const hello = { type: 'hello' }

async function startOver(
  t: TestContext,
  server: PostgresServer,
  environment: Record<string, string> = {},
): Promise<World> {
  return await startWorld(t, {
    CLAIMCHECK_DATABASE_URL: server.url,
    CLAIMCHECK_DATABASE_CONNECT_SECONDS: '2',
    CLAIMCHECK_LEASE_SECONDS: '1',
    ...environment,
  })
}

function unavailable(error: unknown): boolean {
  return error instanceof DeliveryError && error.code === 'unavailable'
}

function clientCredentials({ clientId, clientSecret }: TestAccount): RequestInit {
  return {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  }
}

async function signedUrlOf(world: World, id: string): Promise<string> {
  const { items } = await world.json<{ items: { number: number }[] }>(
    'GET',
    `/v1/deliveries/${id}/files`,
    by(world.ada),
  )
  const { url } = await world.json<{ url: string }>('POST', `/v1/files/${items[0]?.number}/links`, {
    ...by(world.ada, { body: {} }),
    status: 201,
  })
  return url
}
