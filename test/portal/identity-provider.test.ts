import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { suspendAccount } from '../../src/core/accounts/accounts.ts'
import { listCredentials, revokeCredential } from '../../src/core/accounts/credentials.ts'
import { startBrowser } from '../support/browser.ts'
import {
  createTestIdentityProvider,
  type TestIdentityProvider,
} from '../support/identity-provider.ts'
import { assertAccessible } from '../support/portal-world.ts'
import { suiteCleanup } from '../support/suite-cleanup.ts'
import { createTestAccount, startTestServer, type TestServer } from '../support/test-server.ts'

describe('sign-in by an identity provider', () => {
  let provider: TestIdentityProvider
  let server: TestServer
  let browser: Browser
  const cleanup = suiteCleanup()
  before(async () => {
    provider = await createTestIdentityProvider(cleanup)
    server = await startTestServer(cleanup, {
      environment: {
        CLAIMCHECK_OIDC_ISSUER: provider.issuer,
        CLAIMCHECK_OIDC_CLIENT_ID: provider.clientId,
        CLAIMCHECK_OIDC_CLIENT_SECRET: provider.clientSecret,
        CLAIMCHECK_OIDC_NAME: 'Acme ID',
      },
    })
    browser = await startBrowser(cleanup)
  })

  const callback = () => `${server.url}/v1/session/provider/callback`

  async function openPage(t: { after(done: () => Promise<void>): void }): Promise<Page> {
    const context = await browser.newContext({ baseURL: server.url })
    t.after(() => context.close())
    return await context.newPage()
  }

  /** From the portal to the provider and back, as somebody whom the provider knows as `id`. */
  async function goThere(page: Page, id: string): Promise<void> {
    await page.goto('/')
    await page.getByRole('link', { name: 'Sign in with Acme ID' }).click()
    await page.locator('input[name=login]').fill(id)
    await page.locator('input[name=password]').fill('any')
    await page.locator('button[type=submit]').click()
    await page.getByRole('button', { name: /continue/i }).click()
  }

  const identitiesOf = async (accountId: string) =>
    (await listCredentials(server.core, 'system', accountId)).filter(
      ({ kind }) => kind === 'identity',
    )

  it('says that it cannot be reached, and goes on when it can', async () => {
    const wait = await fetch(`${server.url}/v1/session/provider`, { redirect: 'manual' })
    assert.equal(wait.headers.get('location'), '/?sign-in=unavailable')
    provider.start(callback())
    const go = await fetch(`${server.url}/v1/session/provider`, { redirect: 'manual' })
    const there = new URL(go.headers.get('location') ?? '')
    assert.equal(there.origin, provider.issuer)
    assert.equal(there.searchParams.get('redirect_uri'), callback())
    assert.equal(there.searchParams.get('code_challenge_method'), 'S256')
    assert.match(
      go.headers.get('set-cookie') ?? '',
      /; Path=\/v1\/session\/provider; Max-Age=600; HttpOnly; SameSite=Lax$/,
    )
  })

  it('leads to the portal, as the account with that user name, and to the same one ever after', async (t) => {
    const { id } = await createTestAccount(server.core, 'ada', { permissions: ['download:*'] })
    await createTestAccount(server.core, 'eve')
    provider.people.set('u-1', { preferred_username: 'Ada' })
    const page = await openPage(t)
    await goThere(page, 'u-1')
    await page.getByRole('heading', { name: 'Nothing waits for you yet' }).waitFor()
    assert.equal(new URL(page.url()).pathname, '/')
    assert.equal((await identitiesOf(id)).length, 1)
    // Whoever changes their name there does not get another's account here.
    provider.people.set('u-1', { preferred_username: 'eve' })
    const later = await openPage(t)
    await goThere(later, 'u-1')
    await later.getByRole('heading', { name: 'Nothing waits for you yet' }).waitFor()
    const me = await later.evaluate(async () => await (await fetch('/v1/me')).json())
    assert.equal((me as { username: string }).username, 'ada')
    // And somebody who takes her name there does not get hers.
    provider.people.set('u-2', { preferred_username: 'ada' })
    const other = await openPage(t)
    await goThere(other, 'u-2')
    await other.getByRole('alert').getByText('You are known there, but have no account').waitFor()
    assert.equal((await identitiesOf(id)).length, 1)
  })

  it('tells who has no account here, once', async (t) => {
    provider.people.set('u-3', { preferred_username: 'nobody' })
    provider.people.set('u-4', {})
    const page = await openPage(t)
    await goThere(page, 'u-3')
    await page.getByRole('alert').getByText('have no account here').waitFor()
    await assertAccessible(page)
    await page.reload()
    await page.getByRole('link', { name: 'Sign in with Acme ID' }).waitFor()
    assert.equal(await page.getByRole('alert').count(), 0)
    const nameless = await openPage(t)
    await goThere(nameless, 'u-4')
    await nameless.getByRole('alert').getByText('have no account here').waitFor()
  })

  it('ends with the account or the identity, at once', async (t) => {
    const { id } = await createTestAccount(server.core, 'carl')
    provider.people.set('u-5', { preferred_username: 'carl' })
    const page = await openPage(t)
    await goThere(page, 'u-5')
    await page.getByRole('heading', { name: 'Nothing waits for you yet' }).waitFor()
    const status = () => page.evaluate(async () => (await fetch('/v1/me')).status)
    assert.equal(await status(), 200)
    const [identity] = await identitiesOf(id)
    await revokeCredential(server.core, 'system', identity?.id ?? '')
    assert.equal(await status(), 401)
    const again = await openPage(t)
    await goThere(again, 'u-5')
    await again.getByRole('alert').getByText('have no account here').waitFor()
    const { id: suspended } = await createTestAccount(server.core, 'dora')
    await suspendAccount(server.core, 'system', suspended)
    provider.people.set('u-6', { preferred_username: 'dora' })
    const hers = await openPage(t)
    await goThere(hers, 'u-6')
    await hers.getByRole('alert').getByText('have no account here').waitFor()
  })

  it('takes back only whom it sent, with what it gave them', async () => {
    const come = async (search: string, cookie = '') =>
      (await fetch(callback() + search, { redirect: 'manual', headers: { cookie } })).headers
    const left = await fetch(`${server.url}/v1/session/provider`, { redirect: 'manual' })
    const ticket = (left.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    const state = new URL(left.headers.get('location') ?? '').searchParams.get('state')
    assert.equal((await come(`?code=x&state=${state}`)).get('location'), '/?sign-in=late')
    assert.equal(
      (await come(`?code=x&state=${state}`, 'claimcheck-way=forged')).get('location'),
      '/?sign-in=late',
    )
    for (const search of [
      '',
      '?',
      '?code=x',
      '?code=x&state=other',
      `?code=x&state=${state}`,
      `?error=access_denied&state=${state}&iss=${encodeURIComponent(provider.issuer)}`,
    ]) {
      const headers = await come(search, ticket)
      assert.equal(headers.get('location'), '/?sign-in=refused', search)
      assert.ok(!headers.getSetCookie().some((line) => /^(__Host-)?claimcheck=/.test(line)), search)
    }
  })

  it('is named by /v1, and is not there where nobody has configured it', async (t) => {
    const ways = async (url: string) => await (await fetch(`${url}/v1/session/ways`)).json()
    assert.deepEqual(await ways(server.url), { provider: 'Acme ID' })
    const plain = await startTestServer(t)
    assert.deepEqual(await ways(plain.url), { provider: null })
    // As any address that is none.
    assert.equal((await fetch(`${plain.url}/v1/session/provider`)).status, 401)
    await assert.rejects(
      startTestServer(t, { environment: { CLAIMCHECK_OIDC_ISSUER: provider.issuer } }),
      /CLAIMCHECK_OIDC_CLIENT_ID and CLAIMCHECK_OIDC_CLIENT_SECRET/,
    )
  })
})
