import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { suiteCleanup } from '../support/suite-cleanup.ts'
import { by, type Page, startWorld, type World } from '../support/v1-world.ts'

/** What a browser sends when an address is opened in it. */
const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
/** What `HttpURLConnection` of Java sends when nothing else is said. */
const java = 'text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2'

describe('a page of the server itself', () => {
  let world: World
  const cleanup = suiteCleanup()
  before(async () => {
    world = await startWorld(cleanup)
  })

  async function link(): Promise<{ id: string; url: string }> {
    const { ada, json, helloOf } = world
    const { id } = await helloOf(ada)
    const files = `/v1/deliveries/${id}/files`
    const { items } = await json<Page<{ number: number }>>('GET', files, by(ada))
    const sent = { ...by(ada, { body: {} }), status: 201 }
    return await json('POST', `/v1/files/${items[0]?.number}/links`, sent)
  }

  async function open(url: string, headers: Record<string, string> = {}) {
    const answer = await fetch(url, { headers: { ...browser, ...headers } })
    return { answer, text: await answer.text() }
  }

  it('tells a person that a link is not whole, and programs as S3 does', async () => {
    const { url } = await link()
    const broken = url.replace(/.{6}$/, 'AAAAAA')
    const { answer, text } = await open(broken)
    assert.equal(answer.status, 403)
    assert.equal(answer.headers.get('content-type'), 'text/html; charset=utf-8')
    assert.match(text, /<h1>This link is not whole<\/h1>[\s\S]*403 SignatureDoesNotMatch/)
    const policy = answer.headers.get('content-security-policy') ?? ''
    assert.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'/)
    const french = await open(broken, { 'accept-language': 'fr-CA,en;q=0.5' })
    assert.match(french.text, /<html lang="fr">[\s\S]*Ce lien n’est pas entier/)
    const programs = ['*/*', 'application/xml', 'application/json, text/plain, */*', java]
    for (const accept of programs) {
      const program = await fetch(broken, { headers: { accept } })
      assert.equal(program.status, 403)
      assert.equal(program.headers.get('content-type'), 'application/xml', accept)
    }
    const put = await fetch(broken, { method: 'PUT', headers: browser, body: 'x' })
    assert.equal(put.headers.get('content-type'), 'application/xml')
  })

  it('tells a person that a link was revoked', async () => {
    const { ada, ask } = world
    const { id, url } = await link()
    assert.equal((await open(url)).answer.status, 200)
    await ask('DELETE', `/v1/links/${id}`, by(ada))
    const { answer, text } = await open(url)
    assert.equal(answer.status, 403)
    assert.match(text, /<h1>This link does not open<\/h1>\n<p>This URL was revoked\.<\/p>/)
    const french = await open(url, { 'accept-language': 'fr' })
    assert.match(french.text, /Il a été révoqué/)
  })

  it('shows the way to the portal from an address where nothing is', async () => {
    const address = `${world.server.url}/nothing/of/this`
    const { answer, text } = await open(address)
    assert.equal(answer.status, 404)
    assert.match(text, /There is nothing at this address[\s\S]*<a href="\/">/)
    const program = await fetch(address)
    assert.equal(program.status, 404)
    assert.match(program.headers.get('content-type') ?? '', /^application\/problem\+json/)
    const api = await open(`${world.server.url}/v1/nothing`)
    assert.match(api.answer.headers.get('content-type') ?? '', /^application\/problem\+json/)
  })
})
