import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { setPassword } from '../../../src/auth/issue.ts'
import { suiteCleanup } from '../../support/suite-cleanup.ts'
import { createTestAccount, startTestServer, type TestServer } from '../../support/test-server.ts'

describe('/v1/session', () => {
  let server: TestServer
  let url: string
  const cleanup = suiteCleanup()
  before(async () => {
    server = await startTestServer(cleanup)
    url = `${server.url}/v1`
  })

  const json = { 'content-type': 'application/json' }

  async function begin(username: string, password: string, headers = {}): Promise<Response> {
    const body = JSON.stringify({ username, password })
    return await fetch(`${url}/session`, { method: 'POST', headers: { ...json, ...headers }, body })
  }

  async function cookieOf(answer: Response): Promise<string> {
    assert.equal(answer.status, 201, await answer.clone().text())
    return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  }

  const me = (cookie: string) => fetch(`${url}/me`, { headers: { cookie } })

  it('stands for the account, in a cookie that scripts and other sites do not get', async () => {
    const account = await createTestAccount(server.core, 'eins')
    const answer = await begin('eins', account.password)
    assert.match(answer.headers.get('set-cookie') ?? '', /; HttpOnly; SameSite=Strict$/)
    const cookie = await cookieOf(answer)
    assert.equal(((await (await me(cookie)).json()) as { username: string }).username, 'eins')
    assert.equal((await me(`${cookie.slice(0, -2)}xx`)).status, 401)
  })

  it('changes nothing for a page of another site', async () => {
    const account = await createTestAccount(server.core, 'zwei')
    const cookie = await cookieOf(await begin('zwei', account.password))
    const issue = (headers: Record<string, string>) =>
      fetch(`${url}/me/credentials`, {
        method: 'POST',
        headers: { ...json, cookie, ...headers },
        body: '{"kind":"token"}',
      })
    assert.equal((await issue({})).status, 403)
    assert.equal((await issue({ origin: 'https://elsewhere.example' })).status, 403)
    assert.equal((await issue({ 'sec-fetch-site': 'cross-site' })).status, 403)
    assert.equal((await issue({ 'sec-fetch-site': 'same-site' })).status, 403)
    assert.equal((await issue({ 'sec-fetch-site': 'same-origin' })).status, 201)
    assert.equal((await issue({ origin: server.url })).status, 201)
    const foreign = { 'sec-fetch-site': 'cross-site' }
    assert.equal((await begin('zwei', account.password, foreign)).status, 403)
    const older = { origin: 'https://elsewhere.example' }
    assert.equal((await begin('zwei', account.password, older)).status, 403)
  })

  it('ends by signing out, also for a copy of the cookie', async () => {
    const account = await createTestAccount(server.core, 'drei')
    const cookie = await cookieOf(await begin('drei', account.password))
    const other = await cookieOf(await begin('drei', account.password))
    const out = await fetch(`${url}/session`, {
      method: 'DELETE',
      headers: { cookie, origin: server.url },
    })
    assert.equal(out.status, 204)
    assert.match(out.headers.get('set-cookie') ?? '', /=; Path=\/; Max-Age=0/)
    assert.equal((await me(cookie)).status, 401)
    assert.equal((await me(other)).status, 200)
  })

  it('ends with the password that began it', async () => {
    const account = await createTestAccount(server.core, 'vier')
    const cookie = await cookieOf(await begin('vier', account.password))
    await setPassword(server.core, { actor: 'system', accountId: account.id }, 'another password')
    const answer = await me(cookie)
    assert.equal(answer.status, 401)
    assert.match(await answer.text(), /Your session has ended/)
  })

  it('counts wrong passwords as every other sign-in does, and asks no browser for one', async () => {
    await createTestAccount(server.core, 'sechs')
    const statuses: number[] = []
    for (let attempt = 0; attempt < 7; attempt += 1) {
      const answer = await begin('sechs', 'wrong', {
        'sec-fetch-mode': 'cors',
        'sec-fetch-site': 'same-origin',
      })
      statuses.push(answer.status)
      if (answer.status === 401) {
        assert.doesNotMatch(answer.headers.get('www-authenticate') ?? '', /Basic/)
      }
    }
    assert.deepEqual(statuses.slice(0, 5), [401, 401, 401, 401, 401])
    assert.equal(statuses.at(-1), 429)
  })

  it('lets a header stand above the cookie', async () => {
    const [one, two] = [
      await createTestAccount(server.core, 'sieben'),
      await createTestAccount(server.core, 'acht'),
    ]
    const cookie = await cookieOf(await begin('sieben', one.password))
    const answer = await fetch(`${url}/me`, { headers: { cookie, ...two.headers } })
    assert.equal(((await answer.json()) as { username: string }).username, 'acht')
  })
})
