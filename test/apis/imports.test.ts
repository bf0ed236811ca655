import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import * as oauth from 'oauth4webapi'
import { findPrincipal, setPermissions, suspendAccount } from '../../src/core/accounts/accounts.ts'
import { cancelDelivery } from '../../src/core/downloads.ts'
import { sweep } from '../../src/core/sweep.ts'
import * as document from '../fixtures/imports/document.ts'
import { parseLines, readResult, untilOver, upload } from '../support/import-client.ts'
import { createTestAccount, startTestServer, type TestAccount } from '../support/test-server.ts'

const groups = 'group_name,group_description\nA,first\nB,second\n'
const paths = { '/api/v1': '', '/api/v1/upload/api/v1': '' } as const
const prefixes = Object.keys(paths)
const withoutCurl = spawnSync('curl', ['--version']).error === undefined ? false : 'curl is missing'

describe('the imports API', () => {
  it('runs the curl lines of its document as printed', { skip: withoutCurl }, async (t) => {
    const { server, ada, folder } = await setUp(t)
    const file = join(folder, 'users.csv')
    await writeFile(file, 'user_username,user_password\nada,Password1!\n')
    for (const [index, line] of document.token.entries()) {
      const token = await run(line, { server, ada })
      assert.deepEqual(Object.keys(token).slice(0, 3), ['access_token', 'token_type', 'expires_in'])
      assert.deepEqual(
        [token.token_type, token.expires_in, token.scope],
        ['Bearer', 3600, 'rostering'],
      )
      const told = { server, ada, token: String(token.access_token), file }
      const { referenceId } = await run(document.upload[index] ?? '', told)
      const over = await untilOver({ url: server.url, headers: ada.headers }, String(referenceId))
      assert.equal(over.status, 'completed')
      const status = await run(document.status[0] ?? '', { ...told, referenceId })
      assert.equal(status.referenceId, referenceId)
      assert.deepEqual(
        await run(document.download, told),
        JSON.parse(document.errors.notFound.body),
      )
      const whole = document.download.replace("/download'", "/download/{{referenceId}}'")
      const { signedUrl } = await run(whole, { ...told, referenceId })
      assert.match(
        await (await fetch(String(signedUrl))).text(),
        /^user_username,user_password,status,message\r\nada,/,
      )
    }
  })

  it('gives tokens to an OAuth client library, by Basic and by form', async (t) => {
    const { server, ada } = await setUp(t)
    for (const path of ['/api/v1/oauth2/tokens', '/api/v1/upload/v1/oauth2/tokens']) {
      const issuer = { issuer: server.url, token_endpoint: server.url + path }
      const client = { client_id: ada.clientId }
      const insecure = { [oauth.allowInsecureRequests]: true }
      for (const sign of [oauth.ClientSecretBasic, oauth.ClientSecretPost]) {
        const response = await oauth.clientCredentialsGrantRequest(
          issuer,
          client,
          sign(ada.clientSecret),
          { scope: 'rostering' },
          insecure,
        )
        const token = await oauth.processClientCredentialsResponse(issuer, client, response)
        assert.equal(token.scope, 'rostering')
        const status = await oauth.protectedResourceRequest(
          token.access_token,
          'GET',
          new URL(`${server.url}/api/v1/status/none`),
          undefined,
          undefined,
          insecure,
        )
        assert.equal(status.status, 404)
        const wrong = await oauth.clientCredentialsGrantRequest(
          issuer,
          client,
          sign('wrong'),
          {},
          insecure,
        )
        await assert.rejects(
          oauth.processClientCredentialsResponse(issuer, client, wrong),
          (error: { error?: string; cause?: unknown }) =>
            error.error === 'invalid_client' ||
            error instanceof oauth.WWWAuthenticateChallengeError,
        )
      }
    }
  })

  for (const prefix of prefixes) {
    it(`uploads, tells the status and leads to the result below ${prefix}`, async (t) => {
      const { importer } = await setUp(t)
      const accepted = await upload(importer, groups, {
        path: `${prefix}/upload`,
        name: 'groups.csv',
      })
      assert.equal(accepted.status, 202)
      const body = (await accepted.json()) as { referenceId: string; statusUrl: string }
      assert.deepEqual(Object.keys(body), ['referenceId', 'statusUrl'])
      assert.equal(body.statusUrl, `${importer.url}${prefix}/status/${body.referenceId}`)
      assert.equal(accepted.headers.get('location'), body.statusUrl)
      await untilOver(importer, body.referenceId)
      const status = await call(importer, `${prefix}/status/${body.referenceId}`)
      const { createdAt, finishedAt, ...rest } = JSON.parse(status.body)
      assert.ok(Date.parse(createdAt) <= Date.parse(finishedAt))
      assert.deepEqual(rest, {
        referenceId: body.referenceId,
        status: 'completed',
        progress: 1,
        message: '2 rows: 2 created, 0 updated, 0 unchanged, 0 with errors.',
        fileName: 'groups.csv',
        template: 'groups',
        rows: { created: 2, updated: 0, unchanged: 0, failed: 0 },
      })
      const download = await call(importer, `${prefix}/download/${body.referenceId}`)
      assert.equal(download.status, 200)
      assert.deepEqual(Object.keys(JSON.parse(download.body)), ['signedUrl'])
      const file = await fetch(JSON.parse(download.body).signedUrl)
      assert.equal(file.headers.get('content-type'), 'text/csv; charset=utf-8')
      assert.match(file.headers.get('content-disposition') ?? '', /filename="groups-result\.csv"/)
      assert.equal(
        await file.text(),
        'group_name,group_description,status,message\r\nA,first,created,\r\nB,second,created,\r\n',
      )
    })
  }

  const routes = prefixes.flatMap((prefix) => [
    ...[`${prefix}/status`, `${prefix}/status/`, `${prefix}/status/ID`],
    ...[`${prefix}/download`, `${prefix}/download/`, `${prefix}/download/ID`],
  ])

  it('answers to the letter whoever may not see it', async (t) => {
    const { server, importer, core, ada } = await setUp(t)
    const { referenceId } = (await (await upload(importer, groups)).json()) as Record<
      string,
      string
    >
    await untilOver(importer, referenceId ?? '')
    const others = { organization: 'acme', permissions: ['rostering', 'admin'] }
    const colleague = await createTestAccount(core, 'bob', others)
    const stranger = await createTestAccount(core, 'eve', { ...others, organization: 'other' })
    const poor = await createTestAccount(core, 'poor', { permissions: ['download:*'] })
    const gone = await createTestAccount(core, 'gone', { permissions: ['rostering'] })
    await suspendAccount(core, 'system', gone.id)
    const unscoped = await createTestAccount(core, 'sam', {
      permissions: ['rostering', 'download:*'],
      scopes: ['download:x'],
    })
    const narrow = { headers: { authorization: `Bearer ${await tokenOf(server.url, unscoped)}` } }
    const { accessDenied, insufficientScope, notFound } = document.errors
    const nobody = { headers: {} }
    const wrong = { headers: { authorization: 'Bearer cct_wrong' } }
    const basic = {
      headers: { authorization: `Basic ${btoa(`${ada.accessKey}:${ada.secretKey}`)}` },
    }
    for (const route of routes) {
      const path = route.replace('ID', referenceId ?? '')
      for (const who of [nobody, wrong, gone, basic]) {
        const answer = await call({ url: server.url, ...who }, path)
        assertIs(answer, accessDenied, path)
        assert.match(
          answer.headers.get('www-authenticate') ?? '',
          /^Bearer realm="Claimcheck".*scope="rostering"/,
        )
      }
      for (const who of [poor, narrow]) {
        const answer = await call({ url: server.url, ...who }, path)
        assertIs(answer, insufficientScope, path)
        assert.match(
          answer.headers.get('www-authenticate') ?? '',
          /error="insufficient_scope", scope="rostering"/,
        )
      }
      for (const who of [colleague, stranger]) {
        assertIs(await call({ url: server.url, ...who }, path), notFound, path)
      }
    }
    for (const path of ['x', '%00', '..%2f..', 'x'.repeat(300), `${referenceId}x`]) {
      assertIs(await call(importer, `/api/v1/download/${path}`), notFound, path)
    }
    for (const prefix of prefixes) {
      const path = `${prefix}/upload`
      const refused = await upload({ url: server.url, headers: nobody.headers as never }, groups, {
        path,
      })
      assert.deepEqual([refused.status, await refused.text()], [401, 'Access Denied'])
      const narrowed = await upload({ url: server.url, headers: narrow.headers }, groups, { path })
      assert.deepEqual([narrowed.status, await narrowed.text()], [403, insufficientScope.body])
    }
    await setPermissions(core, 'system', { accountId: ada.id, permissions: [] })
    assertIs(await call(importer, `/api/v1/download/${referenceId}`), insufficientScope, 'lost')
  })

  it('takes a token of OAuth for what its account may, and no other scope', async (t) => {
    const { server, ada } = await setUp(t)
    const headers = { authorization: `Bearer ${await tokenOf(server.url, ada)}` }
    assert.equal((await upload({ url: server.url, headers }, groups)).status, 202)
  })

  it('answers 404 to /download before the end, and 200 after a cancellation, saying so', async (t) => {
    const { importer, core, ada } = await setUp(t, { CLAIMCHECK_JOB_CONCURRENCY: '0' })
    const { referenceId = '' } = (await (await upload(importer, groups)).json()) as Record<
      string,
      string
    >
    assert.match((await call(importer, `/api/v1/status/${referenceId}`)).body, /"status":"pending"/)
    assertIs(await call(importer, `/api/v1/download/${referenceId}`), document.errors.notFound, '')
    const principal = await findPrincipal(core, ada.id)
    assert.ok(principal !== null)
    const canceled = await cancelDelivery(core, principal, referenceId)
    assert.equal(canceled.state, 'canceled')
    const texts = await Promise.all([1, 2, 3].map(() => readResult(importer, referenceId)))
    assert.equal(new Set(texts).size, 1)
    assert.deepEqual(parseLines(texts[0] ?? ''), [
      { status: 'error', message: 'The import was cancelled. Nothing of this file was imported.' },
    ])
    await sweep(core, { orphans: false })
    const facts = await core.database.kysely
      .selectFrom('imports')
      .selectAll()
      .executeTakeFirstOrThrow()
    assert.equal(facts.stored_file_id, null)
  })

  it('refuses what is no upload, in its own form', async (t) => {
    const { importer } = await setUp(t, { CLAIMCHECK_IMPORT_MAX_BYTES: '1000' })
    const send = async (headers: Record<string, string>, body: string | FormData) => {
      const response = await fetch(`${importer.url}/api/v1/upload`, {
        method: 'POST',
        headers: { ...importer.headers, ...headers },
        body,
      })
      const { message } = (await response.json()) as { message: string }
      assert.match(message, /^[A-Z].*\.$/)
      return response.status
    }
    assert.equal(await send({ 'content-type': 'text/csv' }, groups), 415)
    assert.equal(await send({ 'content-type': 'application/json' }, '{}'), 415)
    assert.equal(await send({ 'content-type': 'application/json' }, '{'), 400)
    assert.equal(await send({ 'content-type': 'multipart/form-data' }, 'x'), 400)
    const boundary = 'multipart/form-data; boundary=b'
    assert.equal(await send({ 'content-type': boundary }, '--b--\r\n'), 400)
    assert.equal(await send({ 'content-type': boundary }, 'nothing of a form'), 400)
    const head = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    assert.equal(await send({ 'content-type': boundary }, `${head}group_name\nA\n`), 400)
    const other = new FormData()
    other.append('document', new Blob([groups]), 'x.csv')
    other.append('file', 'text, not a file')
    assert.equal(await send({}, other), 400)
    for (const size of [1001, 100_000]) {
      const large = new FormData()
      large.append('file', new Blob(['x'.repeat(size)]), 'x.csv')
      assert.equal(await send({}, large), 413)
    }
    const nowhere = await call(importer, '/api/v1/upload/nowhere')
    assert.deepEqual(
      [nowhere.status, nowhere.body],
      [404, '{"message":"There is nothing at this address."}'],
    )
  })

  it('keeps nothing of an upload whose client goes away', async (t) => {
    const { importer, core, folder } = await setUp(t)
    const { port } = new URL(importer.url)
    const socket = connect(Number(port), '127.0.0.1')
    const head = `POST /api/v1/upload HTTP/1.1\r\nHost: x\r\nAuthorization: ${importer.headers.authorization}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n`
    const part =
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\ngroup_name\nA\n'
    const files = async () => {
      const entries = await readdir(join(folder, 'data', 'objects'), {
        recursive: true,
        withFileTypes: true,
      })
      return entries.filter((entry) => entry.isFile()).length
    }
    socket.write(head + part)
    while ((await files()) === 0) await wait(5)
    socket.destroy()
    while ((await files()) > 0) await wait(5)
    const rows = await core.database.kysely.selectFrom('imports').selectAll().execute()
    assert.deepEqual(rows, [])
  })

  it('imports once for an Idempotency-Key', async (t) => {
    const { importer } = await setUp(t)
    const once = async (body: string) => {
      const answer = await upload(importer, body, { extra: { 'idempotency-key': 'k1' } })
      return [answer.status, ((await answer.json()) as { referenceId?: string }).referenceId]
    }
    const answers = await Promise.all([once(groups), once(groups), once(groups)])
    assert.deepEqual(new Set(answers.map(([status]) => status)), new Set([202]))
    assert.equal(new Set(answers.map(([, id]) => id)).size, 1)
    assert.deepEqual(await once('group_name\nother\n'), [422, undefined])
  })

  it('shows the import among the deliveries of our own API, with its result', async (t) => {
    const { importer } = await setUp(t)
    const { referenceId = '' } = (await (await upload(importer, groups)).json()) as Record<
      string,
      string
    >
    await untilOver(importer, referenceId)
    await readResult(importer, referenceId)
    const delivery = await call(importer, `/v1/deliveries/${referenceId}`)
    assert.match(delivery.body, /"kind":"import"/)
    const files = await call(importer, `/v1/deliveries/${referenceId}/files`)
    assert.match(files.body, /"roster-result\.csv"/)
  })

  it('names the result after the file, whatever the client says', async (t) => {
    const { importer } = await setUp(t)
    const names: [string, string][] = [
      ['../../etc/passwd', 'passwd-result.csv'],
      ['C:\\rosters\\été.CSV', 'été-result.csv'],
      ['..', 'import-result.csv'],
    ]
    for (const [name, expected] of names) {
      const { referenceId = '' } = (await (
        await upload(importer, groups, { name })
      ).json()) as Record<string, string>
      await untilOver(importer, referenceId)
      const { body } = await call(importer, `/api/v1/download/${referenceId}`)
      const { pathname } = new URL(JSON.parse(body).signedUrl)
      assert.equal(decodeURIComponent(pathname.split('/').at(-1) ?? ''), expected)
    }
  })
})

interface Answer {
  status: number
  headers: Headers
  body: string
}

async function call(
  { url, headers }: { url: string; headers: Record<string, string> | TestAccount['headers'] },
  path: string,
): Promise<Answer> {
  const response = await fetch(url + path, { headers })
  return { status: response.status, headers: response.headers, body: await response.text() }
}

function assertIs(
  answer: Answer,
  expected: { status: number; type: string; body: string },
  what: string,
): void {
  assert.deepEqual([answer.status, answer.body], [expected.status, expected.body], what)
  assert.equal(answer.headers.get('content-type')?.split(';')[0], expected.type, what)
}

async function tokenOf(url: string, { clientId, clientSecret }: TestAccount): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
  })
  const response = await fetch(`${url}/api/v1/oauth2/tokens`, { method: 'POST', body })
  return ((await response.json()) as { access_token: string }).access_token
}

const execute = promisify(execFile)

/** A line of the document in a shell, with host, ids and credentials in their places. */
async function run(
  line: string,
  told: {
    server: { url: string }
    ada: TestAccount
    token?: string
    file?: string
    referenceId?: unknown
  },
): Promise<Record<string, unknown>> {
  const { server, ada, token = '', file = '', referenceId = '' } = told
  const command = line
    .replace('https://{TAO_ADVANCE_URL}', server.url)
    .replace('{{CLIENT_ID}}', ada.clientId)
    .replace('{{CLIENT_SECRET}}', ada.clientSecret)
    .replace('<your_access_token>', token)
    .replace('/path/to/files/users.csv', file)
    .replace('{{referenceId}}', String(referenceId))
  const { stdout } = await execute('/bin/sh', ['-c', command.replace('curl ', 'curl --silent ')])
  return JSON.parse(stdout)
}

async function setUp(t: TestContext, environment: Record<string, string> = {}) {
  const server = await startTestServer(t, {
    environment: { CLAIMCHECK_IMPORT_PASSWORD_MEMORY: '1024', ...environment },
  })
  const ada = await createTestAccount(server.core, 'ada', { permissions: ['rostering'] })
  const importer = { url: server.url, headers: ada.headers }
  return { server, core: server.core, folder: server.folder, ada, importer }
}
