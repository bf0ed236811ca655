import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { suspendAccount } from '../../../src/core/accounts/accounts.ts'
import type { Sent } from '../../support/documented-api.ts'
import { suiteCleanup } from '../../support/suite-cleanup.ts'
import { createTestAccount, type TestAccount } from '../../support/test-server.ts'
import { by, type DeliveryJson, type Page, startWorld, type World } from '../../support/v1-world.ts'

/** Things of ada's that a request may name. */
interface Things {
  /** The id of a delivery that is done, and the number of its file. */
  done: string
  file: number
  /** The id of a delivery that waits, and one that was cancelled. */
  waiting: string
  canceled: string
  link: string
  manifest: string
  job: number
  /** A job that ada's worker holds, with one file put in. */
  held: number
  account: string
  credential: string
}

interface Row {
  method: string
  path(things: Things): string
  body?: unknown | ((things: Things) => unknown)
  /** What ada, bob (same organization), admin (the same) and eve (an administrator elsewhere) get. */
  expect: readonly [ada: number, bob: number, admin: number, eve: number]
}

const own = [200, 404, 200, 404] as const
const work = { attempt: 1 }

function bodyOf({ body }: Row, things: Things): unknown {
  return typeof body === 'function' ? body(things) : body
}

function aProduct(): FormData {
  const form = new FormData()
  form.append('product', JSON.stringify({ productId: 'p', dataset: { id: 'd' } }))
  form.append('file', new Blob(['bytes']), 'a.txt')
  return form
}

/** Every operation of the API. */
const matrix: Record<string, Row> = {
  getMe: { method: 'GET', path: () => '/v1/me', expect: [200, 200, 200, 200] },
  listDownloadTypes: {
    method: 'GET',
    path: () => '/v1/download-types',
    expect: [200, 200, 200, 200],
  },
  createDelivery: {
    method: 'POST',
    path: () => '/v1/deliveries',
    body: { type: 'hello' },
    expect: [201, 201, 201, 201],
  },
  listDeliveries: { method: 'GET', path: () => '/v1/deliveries', expect: [200, 200, 200, 200] },
  getDelivery: { method: 'GET', path: ({ done }) => `/v1/deliveries/${done}`, expect: own },
  cancelDelivery: {
    method: 'POST',
    path: ({ waiting }) => `/v1/deliveries/${waiting}/cancel`,
    expect: own,
  },
  retryDelivery: {
    method: 'POST',
    path: ({ canceled }) => `/v1/deliveries/${canceled}/retry`,
    expect: own,
  },
  listDeliveryFiles: {
    method: 'GET',
    path: ({ done }) => `/v1/deliveries/${done}/files`,
    expect: own,
  },
  listPickups: { method: 'GET', path: ({ done }) => `/v1/pickups?delivery=${done}`, expect: own },
  getFile: { method: 'GET', path: ({ file }) => `/v1/files/${file}`, expect: own },
  getFileContent: {
    method: 'GET',
    path: ({ file }) => `/v1/files/${file}/content`,
    expect: [302, 404, 302, 404],
  },
  createLink: {
    method: 'POST',
    path: ({ file }) => `/v1/files/${file}/links`,
    body: {},
    expect: [201, 404, 201, 404],
  },
  getDeliveryArchive: {
    method: 'GET',
    path: ({ done }) => `/v1/deliveries/${done}/archive`,
    expect: [302, 404, 302, 404],
  },
  createArchiveLink: {
    method: 'POST',
    path: ({ done }) => `/v1/deliveries/${done}/archive/links`,
    body: {},
    expect: [201, 404, 201, 404],
  },
  createArchive: {
    method: 'POST',
    path: () => '/v1/archives',
    body: ({ file }: Things) => ({ files: [file] }),
    expect: [201, 404, 201, 404],
  },
  createLinks: {
    method: 'POST',
    path: () => '/v1/links',
    body: ({ file }: Things) => ({ files: [file] }),
    expect: [201, 404, 201, 404],
  },
  listLinks: { method: 'GET', path: () => '/v1/links', expect: [200, 200, 200, 200] },
  getLink: { method: 'GET', path: ({ link }) => `/v1/links/${link}`, expect: own },
  revokeLink: {
    method: 'DELETE',
    path: ({ link }) => `/v1/links/${link}`,
    expect: [204, 404, 204, 404],
  },
  createManifest: {
    method: 'POST',
    path: () => '/v1/manifests',
    body: ({ file }: Things) => ({ files: [file] }),
    expect: [201, 404, 201, 404],
  },
  listManifests: { method: 'GET', path: () => '/v1/manifests', expect: [200, 200, 200, 200] },
  revokeManifest: {
    method: 'DELETE',
    path: ({ manifest }) => `/v1/manifests/${manifest}`,
    expect: [204, 404, 204, 404],
  },
  createUploadLink: {
    method: 'POST',
    path: () => '/v1/studies/acme/S/D/upload-links',
    body: { name: 'a' },
    expect: [403, 403, 201, 404],
  },
  pullFile: {
    method: 'POST',
    path: () => '/v1/studies/acme/S/D/pulls',
    body: { name: 'a', url: 'http://127.0.0.1:9/a' },
    expect: [403, 403, 202, 404],
  },
  // Who may upload what and where: uploads.test.ts. Here nobody speaks tus.
  createUpload: { method: 'POST', path: () => '/v1/uploads', expect: [412, 412, 412, 412] },
  getUpload: { method: 'GET', path: () => '/v1/uploads/0', expect: [404, 404, 404, 404] },
  continueUpload: { method: 'PATCH', path: () => '/v1/uploads/0', expect: [412, 412, 412, 412] },
  abandonUpload: { method: 'DELETE', path: () => '/v1/uploads/0', expect: [412, 412, 412, 412] },
  listJobs: { method: 'GET', path: () => '/v1/jobs', expect: [200, 200, 200, 200] },
  getJob: { method: 'GET', path: ({ job }) => `/v1/jobs/${job}`, expect: own },
  claimWork: {
    method: 'POST',
    path: () => '/v1/work/claim',
    body: { types: ['report'] },
    // Ada's waiting job is the organization's: whoever may do its work there gets it.
    expect: [200, 200, 200, 204],
  },
  keepWork: {
    method: 'POST',
    path: ({ held }) => `/v1/work/${held}/heartbeat`,
    body: work,
    expect: [200, 409, 409, 404],
  },
  putWorkFile: {
    method: 'PUT',
    path: ({ held }) => `/v1/work/${held}/files/b.txt?attempt=1`,
    body: 'bytes',
    expect: [201, 409, 409, 404],
  },
  completeWork: {
    method: 'POST',
    path: ({ held }) => `/v1/work/${held}/complete`,
    body: work,
    expect: [200, 409, 409, 404],
  },
  failWork: {
    method: 'POST',
    path: ({ held }) => `/v1/work/${held}/fail`,
    body: { attempt: 1, message: 'No.' },
    expect: [204, 409, 409, 404],
  },
  followEvents: { method: 'GET', path: () => '/v1/events', expect: [200, 200, 200, 200] },
  listAccounts: { method: 'GET', path: () => '/v1/accounts', expect: [403, 403, 200, 200] },
  createAccount: {
    method: 'POST',
    path: () => '/v1/accounts',
    body: { username: 'taken' },
    // The name is free for the first of the two only.
    expect: [403, 403, 201, 409],
  },
  getAccount: {
    method: 'GET',
    path: ({ account }) => `/v1/accounts/${account}`,
    expect: [403, 403, 200, 404],
  },
  changeAccount: {
    method: 'PATCH',
    path: ({ account }) => `/v1/accounts/${account}`,
    body: { suspended: false },
    expect: [403, 403, 200, 404],
  },
  listCredentials: {
    method: 'GET',
    path: ({ account }) => `/v1/accounts/${account}/credentials`,
    expect: own,
  },
  issueCredential: {
    method: 'POST',
    path: ({ account }) => `/v1/accounts/${account}/credentials`,
    body: { kind: 'token' },
    expect: [201, 404, 201, 404],
  },
  revokeCredential: {
    method: 'DELETE',
    path: ({ account, credential }) => `/v1/accounts/${account}/credentials/${credential}`,
    expect: [204, 404, 204, 404],
  },
  listOwnCredentials: {
    method: 'GET',
    path: () => '/v1/me/credentials',
    expect: [200, 200, 200, 200],
  },
  issueOwnCredential: {
    method: 'POST',
    path: () => '/v1/me/credentials',
    body: { kind: 'key', name: 'laptop' },
    expect: [201, 201, 201, 201],
  },
  revokeOwnCredential: {
    method: 'DELETE',
    path: ({ credential }) => `/v1/me/credentials/${credential}`,
    expect: [204, 404, 404, 404],
  },
  listOrders: { method: 'GET', path: () => '/v1/orders', expect: [403, 403, 200, 200] },
  getOrder: { method: 'GET', path: () => '/v1/orders/987654321', expect: [404, 404, 404, 404] },
  listSubOrders: {
    method: 'GET',
    path: () => '/v1/orders/987654321/sub-orders',
    expect: [404, 404, 404, 404],
  },
  getOrderMetalink: {
    method: 'GET',
    path: () => '/v1/orders/987654321/metalink',
    expect: [404, 404, 404, 404],
  },
  placeOrder: {
    method: 'POST',
    path: () => '/v1/orders',
    body: { queries: ['productId:nothing'] },
    expect: [403, 403, 404, 404],
  },
  steerOrder: {
    method: 'POST',
    path: () => '/v1/orders/987654321/pause',
    expect: [404, 404, 404, 404],
  },
  listProducts: { method: 'GET', path: () => '/v1/products', expect: [403, 403, 200, 200] },
  publishProduct: {
    method: 'POST',
    path: () => '/v1/products',
    body: aProduct,
    expect: [403, 403, 201, 201],
  },
  withdrawProduct: {
    method: 'DELETE',
    path: () => '/v1/products/URN:AIP:DATA:nobody:1:V1',
    expect: [404, 404, 404, 404],
  },
  searchStudyFiles: { method: 'GET', path: () => '/v1/study-files', expect: [200, 200, 200, 200] },
  submitImport: {
    method: 'POST',
    path: () => '/v1/imports?name=users.csv',
    body: 'bytes',
    expect: [403, 403, 202, 202],
  },
  getImport: {
    method: 'GET',
    path: () => `/v1/imports/${'0'.repeat(26)}`,
    expect: [403, 403, 404, 404],
  },
  listPortOrders: { method: 'GET', path: () => '/v1/port-orders', expect: [403, 403, 200, 200] },
  getPortOrder: {
    method: 'GET',
    path: () => '/v1/port-orders/987654321',
    expect: [404, 404, 404, 404],
  },
  addDocument: {
    method: 'POST',
    path: () => '/v1/port-orders/987654321/documents',
    body: { fileName: 'bill.pdf' },
    expect: [404, 404, 404, 404],
  },
  listAuditEvents: { method: 'GET', path: () => '/v1/audit-events', expect: [403, 403, 200, 200] },
  exportAuditEvents: {
    method: 'GET',
    path: () => '/v1/audit-events.csv',
    expect: [403, 403, 200, 200],
  },
  readUsage: { method: 'GET', path: () => '/v1/usage', expect: [403, 403, 200, 200] },
  listSettings: { method: 'GET', path: () => '/v1/settings', expect: [403, 403, 403, 403] },
  listStudyDeliveries: { method: 'GET', path: () => '/v1/studies', expect: [200, 200, 200, 200] },
  publishFile: {
    method: 'PUT',
    path: () => '/v1/studies/acme/S-1/S-1-1/files/a.txt',
    body: 'bytes',
    expect: [403, 403, 201, 404],
  },
  withdrawFile: {
    method: 'DELETE',
    path: () => '/v1/studies/acme/S-1/S-1-1/files/a.txt',
    expect: [403, 403, 204, 404],
  },
  listOrganizations: {
    method: 'GET',
    path: () => '/v1/organizations',
    expect: [403, 403, 403, 403],
  },
  createOrganization: {
    method: 'POST',
    path: () => '/v1/organizations',
    body: { code: 'new' },
    expect: [403, 403, 403, 403],
  },
}

const nothing: Things = {
  done: '0'.repeat(26),
  file: 987_654_321,
  waiting: '0'.repeat(26),
  canceled: '0'.repeat(26),
  link: '0'.repeat(26),
  manifest: '0'.repeat(26),
  job: 987_654_321,
  held: 987_654_321,
  account: '0'.repeat(26),
  credential: '0'.repeat(26),
}

/** It changes none of the things that others use. */
function isHarmless(operation: string, { method, path }: Row): boolean {
  return method === 'GET' || (path.length === 0 && operation !== 'claimWork')
}

describe('who may do what at /v1', () => {
  let world: World
  let sue: TestAccount
  let foreignToken: string
  let over: Pick<Things, 'done' | 'file'>
  /** For requests that change nothing. */
  let shared: Things
  const cleanup = suiteCleanup()
  before(async () => {
    world = await startWorld(cleanup)
    const { core } = world.server
    sue = await createTestAccount(core, 'sue', { permissions: ['admin', 'operator'] })
    await suspendAccount(core, 'system', sue.id)
    foreignToken = await accessToken('rostering')
    over = await makeDone()
    shared = await makeThings()
  })

  async function accessToken(scope: string): Promise<string> {
    const { clientId, clientSecret } = world.ada
    const answer = await fetch(`${world.server.url}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        scope,
      }),
    })
    return ((await answer.json()) as { access_token: string }).access_token
  }

  /** A download that is over, with its file: nothing that a test does changes it. */
  async function makeDone(): Promise<Pick<Things, 'done' | 'file'>> {
    const { ada, json, helloOf } = world
    const { id: done } = await helloOf(ada)
    const path = `/v1/deliveries/${done}/files`
    const { items } = await json<Page<{ number: number }>>('GET', path, by(ada))
    return { done, file: items[0]?.number ?? 0 }
  }

  async function makeThings(): Promise<Things> {
    const { ada, json, ask, reportOf } = world
    const put = <T>(method: string, path: string, body: unknown) =>
      json<T>(method, path, { ...by(ada, { body }), status: 201 })
    const claim = { body: { types: ['report'] } }
    const link = await put<{ id: string }>('POST', `/v1/files/${over.file}/links`, {})
    const manifest = await put<{ id: string }>('POST', '/v1/manifests', { files: [over.file] })
    // What other cells left waiting would be claimed first.
    while ((await ask('POST', '/v1/work/claim', by(ada, claim))).status === 200);
    await reportOf(ada)
    const { number } = await json<{ number: number }>('POST', '/v1/work/claim', by(ada, claim))
    await put('PUT', `/v1/work/${number}/files/a.txt?attempt=1`, 'a')
    const canceled = await reportOf(ada)
    await json('POST', `/v1/deliveries/${canceled.id}/cancel`, by(ada))
    const waiting = await reportOf(ada)
    const credential = await put<{ id: string }>('POST', '/v1/me/credentials', { kind: 'token' })
    return {
      ...over,
      waiting: waiting.id,
      canceled: canceled.id,
      link: link.id,
      manifest: manifest.id,
      job: number,
      held: number,
      account: ada.id,
      credential: credential.id,
    }
  }

  /** An answer's status and text; of a stream, the status alone. */
  async function tell(row: Row, things: Things, headers: Record<string, string>) {
    const sent: Sent = { headers, ...('body' in row ? { body: bodyOf(row, things) } : {}) }
    if (row.path(things) !== '/v1/events')
      return await world.ask(row.method, row.path(things), sent)
    const stream = new AbortController()
    const { status } = await fetch(`${world.server.url}/v1/events`, {
      headers,
      signal: stream.signal,
    })
    stream.abort()
    return { status, text: '' }
  }

  it('has a row for each operation of the document', () => {
    const documented = Object.entries(world.document.paths)
      .filter(([path]) => path.startsWith('/v1/'))
      .flatMap(([, methods]) => Object.values(methods).map(({ operationId }) => operationId))
    // How one signs in and out is not behind the sign-in, and the secret of a manifest stands for one.
    const open = ['beginSession', 'endSession', 'listSignInWays', 'getManifest', 'getManifestFile']
    assert.deepEqual(documented.sort(), [...Object.keys(matrix), ...open].sort())
  })

  for (const [operation, row] of Object.entries(matrix)) {
    it(`guards ${operation}`, async () => {
      const { ada, bob, admin, eve } = world
      for (const [index, account] of [ada, bob, admin, eve].entries()) {
        const things = isHarmless(operation, row) ? shared : await makeThings()
        const answer = await tell(row, things, account.headers)
        assert.equal(answer.status, row.expect[index], `${account.username}: ${answer.text}`)
        if (answer.status !== 404) continue
        const unknown = await tell(row, nothing, account.headers)
        assert.equal(unknown.text, answer.text, 'what is hidden looks like what is not there')
      }
      assert.equal((await tell(row, nothing, {})).status, 401, 'anonymous')
      assert.equal((await tell(row, nothing, sue.headers)).status, 401, 'suspended')
      const wrong = { authorization: 'Bearer cct_nobody' }
      assert.equal((await tell(row, nothing, wrong)).status, 401, 'wrong token')
      const foreign = { authorization: `Bearer ${foreignToken}` }
      assert.equal((await tell(row, nothing, foreign)).status, 403, 'token for another API')
    })
  }

  it('lets a token with the scope of one type do that and no more', async () => {
    const { ask, server } = world
    const headers = { authorization: `Bearer ${await accessToken('download:hello')}` }
    assert.equal(
      (await ask('POST', '/v1/deliveries', { headers, body: { type: 'hello' } })).status,
      201,
    )
    assert.equal(
      (await ask('POST', '/v1/deliveries', { headers, body: { type: 'report' } })).status,
      403,
    )
    const { status } = await ask('POST', '/v1/me/credentials', { headers, body: { kind: 'token' } })
    assert.equal(status, 403, 'it must not make itself a credential without a scope')
    assert.ok(server.log.every((line) => !JSON.stringify(line).includes(headers.authorization)))
  })

  it('refuses what was permitted once', async () => {
    const { admin, ask, json, server } = world
    const joe = await createTestAccount(server.core, 'joe', { permissions: ['download:hello'] })
    const { id } = await world.helloOf(joe)
    const body = { permissions: [] }
    await json('PATCH', `/v1/accounts/${joe.id}`, by(admin, { body }))
    assert.equal((await ask('GET', `/v1/deliveries/${id}`, by(joe))).status, 403)
    assert.equal((await ask('GET', `/v1/deliveries/${id}/files`, by(joe))).status, 403)
    assert.equal(
      (await ask('POST', '/v1/deliveries', by(joe, { body: { type: 'hello' } }))).status,
      403,
    )
    const types = await json<{ items: unknown[] }>('GET', '/v1/download-types', by(joe))
    assert.deepEqual(types.items, [])
  })

  it('answers with the same bytes by a redirect that leaks nothing', async () => {
    const { ada, ask, helloOf, json } = world
    const { id }: DeliveryJson = await helloOf(ada)
    const { items } = await json<Page<{ number: number }>>(
      'GET',
      `/v1/deliveries/${id}/files`,
      by(ada),
    )
    const answer = await ask('GET', `/v1/files/${items[0]?.number}/content`, by(ada))
    assert.equal(answer.headers.get('cache-control'), 'private, no-store')
    assert.equal(answer.headers.get('referrer-policy'), 'no-referrer')
    const bytes = await fetch(answer.headers.get('location') ?? '')
    assert.equal(await bytes.text(), 'Hello\n')
  })
})
