import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { suiteCleanup } from '../../support/suite-cleanup.ts'
import { createTestAccount } from '../../support/test-server.ts'
import { by, type Page, startWorld, type World } from '../../support/v1-world.ts'

interface AccountJson {
  id: string
  username: string
  permissions: string[]
  suspendedAt: string | null
}

interface Issued {
  id: string
  token?: string
  accessKey?: string
  secretKey?: string
  clientId?: string
  clientSecret?: string
}

describe('accounts and credentials at /v1', () => {
  let world: World
  const cleanup = suiteCleanup()
  before(async () => {
    world = await startWorld(cleanup)
  })

  const basic = (name = '', secret = '') => ({
    authorization: `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`,
  })

  async function makeAccount(username: string): Promise<AccountJson> {
    return await world.json<AccountJson>('POST', '/v1/accounts', {
      ...by(world.admin, { body: { username, permissions: ['download:hello'] } }),
      status: 201,
    })
  }

  it('makes an account that signs in by each kind of credential until it is ended', async () => {
    const { admin, ask, json, server } = world
    const { id } = await makeAccount('carol')
    const path = `/v1/accounts/${id}/credentials`
    const issue = (body: object) =>
      json<Issued>('POST', path, { ...by(admin, { body }), status: 201 })
    const password = await issue({ kind: 'password', password: 'a long password' })
    const key = await issue({ kind: 'key', name: 'laptop' })
    const token = await issue({ kind: 'token', expiresAt: '2999-01-01T00:00:00Z' })
    const client = await issue({ kind: 'client', scopes: ['download:hello'] })
    const ways = {
      [password.id]: basic('carol', 'a long password'),
      [key.id]: basic(key.accessKey, key.secretKey),
      [token.id]: { authorization: `Bearer ${token.token}` },
    }
    const listed = await json<{ items: { id: string }[] }>('GET', path, by(admin))
    assert.deepEqual(
      listed.items.map((item) => item.id),
      [password.id, key.id, token.id, client.id],
    )
    for (const secret of [token.token, key.secretKey, client.clientSecret]) {
      assert.ok(secret !== undefined && !JSON.stringify(listed).includes(secret))
      assert.ok(!JSON.stringify(server.log).includes(secret), 'a secret in the log')
    }
    for (const [credential, headers] of Object.entries(ways)) {
      assert.equal((await ask('GET', '/v1/me', { headers })).status, 200)
      assert.equal((await ask('DELETE', `${path}/${credential}`, by(admin))).status, 204)
      assert.equal((await ask('GET', '/v1/me', { headers })).status, 401)
    }
  })

  it('shuts an account out and lets it in again', async () => {
    const { admin, json, ask, server } = world
    const dan = await createTestAccount(server.core, 'dan')
    const path = `/v1/accounts/${dan.id}`
    const shut = await json<AccountJson>('PATCH', path, by(admin, { body: { suspended: true } }))
    assert.notEqual(shut.suspendedAt, null)
    assert.equal((await ask('GET', '/v1/me', by(dan))).status, 401)
    const open = await json<AccountJson>(
      'PATCH',
      path,
      by(admin, { body: { suspended: false, permissions: ['work:report'] } }),
    )
    assert.deepEqual([open.suspendedAt, open.permissions], [null, ['work:report']])
    const me = await json<AccountJson>('GET', '/v1/me', by(dan))
    assert.deepEqual(me.permissions, ['work:report'])
  })

  it('refuses what would make no sense or give too much', async () => {
    const { admin, ada, ask } = world
    await makeAccount('erin')
    const refusals: [method: string, path: string, body: object, status: number][] = [
      ['POST', '/v1/accounts', { username: 'erin' }, 409],
      ['POST', '/v1/accounts', { username: 'a:b' }, 422],
      ['POST', '/v1/accounts', { username: 'x', organizationId: 'other' }, 422],
      ['POST', '/v1/accounts', { username: 'x', permissions: ['operator'] }, 403],
      ['POST', '/v1/accounts', { username: 'x', permissions: ['not one'] }, 422],
      ['PATCH', `/v1/accounts/${ada.id}`, {}, 422],
      ['PATCH', `/v1/accounts/${ada.id}`, { username: 'eva' }, 422],
      ['PATCH', `/v1/accounts/${ada.id}`, { permissions: ['operator'] }, 403],
      ['POST', '/v1/me/credentials', { kind: 'token', scopes: ['x'] }, 422],
      ['POST', '/v1/me/credentials', { kind: 'token', expiresAt: 'soon' }, 422],
      ['POST', '/v1/me/credentials', { kind: 'token', expiresAt: '2001-01-01T00:00:00Z' }, 422],
      ['POST', '/v1/me/credentials', { kind: 'token', token: 'mine' }, 422],
      ['POST', '/v1/me/credentials', { kind: 'client' }, 422],
      ['POST', '/v1/me/credentials', { kind: 'password' }, 422],
      ['POST', '/v1/me/credentials', { kind: 'password', password: '' }, 422],
      ['POST', '/v1/organizations', { code: 'x' }, 403],
    ]
    for (const [method, path, body, status] of refusals) {
      const answer = await ask(method, path, by(admin, { body }))
      assert.equal(
        answer.status,
        status,
        `${method} ${path} ${JSON.stringify(body)}: ${answer.text}`,
      )
    }
  })

  it('pages through accounts', async () => {
    const { admin, eve, json } = world
    const seen: string[] = []
    let cursor = ''
    do {
      const page = await json<Page<AccountJson>>('GET', `/v1/accounts?limit=2${cursor}`, by(admin))
      seen.push(...page.items.map(({ username }) => username))
      cursor = page.next === null ? '' : `&cursor=${page.next}`
    } while (cursor !== '')
    assert.equal(new Set(seen).size, seen.length)
    assert.ok(seen.includes('ada') && seen.includes('bob') && !seen.includes('eve'))
    const forged = Buffer.from('0').toString('base64url')
    const others = await json<Page<AccountJson>>('GET', `/v1/accounts?cursor=${forged}`, by(eve))
    assert.deepEqual(
      others.items.map(({ username }) => username),
      ['eve'],
    )
  })

  it('lets operators make organizations', async () => {
    const { ask, json, server } = world
    const olga = await createTestAccount(server.core, 'olga', { permissions: ['operator'] })
    const made = await ask(
      'POST',
      '/v1/organizations',
      by(olga, { body: { code: 'third', name: 'Third' } }),
    )
    assert.equal(made.status, 201, made.text)
    assert.equal(
      (await ask('POST', '/v1/organizations', by(olga, { body: { code: 'third' } }))).status,
      409,
    )
    assert.equal(
      (await ask('POST', '/v1/organizations', by(olga, { body: { code: 'a/b' } }))).status,
      422,
    )
    const page = await json<Page<{ code: string }>>('GET', '/v1/organizations', by(olga))
    assert.deepEqual(
      page.items.map(({ code }) => code),
      ['acme', 'other', 'third'],
    )
  })
})
