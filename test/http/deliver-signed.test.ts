import assert from 'node:assert/strict'
import { readdir, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { reinstateAccount, suspendAccount } from '../../src/core/accounts/accounts.ts'
import { defineConfig, module } from '../../src/define-config.ts'
import { createTestAccount, startTestServer } from '../support/test-server.ts'
import { until } from '../support/until.ts'

const config = defineConfig({
  downloadTypes: {
    note: {
      producer: module({
        produce: async ({ file }) => void file('note.txt', 'text/plain').end('hello'),
      }),
    },
  },
})

describe('a signed URL', () => {
  it('needs no sign-in, and minds none', async (t) => {
    const { link } = await setUp(t)
    const url = await link()
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: 'nonsense' }]) {
      const answer = await fetch(url, { headers })
      assert.equal(answer.status, 200)
      assert.equal(await answer.text(), 'hello')
    }
    const head = await fetch(url, { method: 'HEAD' })
    assert.equal(head.headers.get('content-length'), '5')
  })

  it('opens nothing while its account is suspended', async (t) => {
    const { server, ada, link } = await setUp(t)
    const url = await link()
    assert.equal((await fetch(url)).status, 200)
    await suspendAccount(server.core, 'system', ada.id)
    const refused = await fetch(url)
    assert.equal(refused.status, 403)
    assert.match(await refused.text(), /<Code>AccessDenied<\/Code>/)
    await reinstateAccount(server.core, 'system', ada.id)
    assert.equal((await fetch(url)).status, 200)
  })

  it('says in the form of S3 that it has expired', async (t) => {
    const { link } = await setUp(t, { CLAIMCHECK_SIGNED_URL_SECONDS: '1' })
    const url = await link()
    await until('the URL has expired', async () => (await fetch(url)).status === 403)
    const expired = await fetch(url)
    assert.equal(expired.headers.get('content-type'), 'application/xml')
    assert.match(
      await expired.text(),
      /<Error>\n<Code>AccessDenied<\/Code>\n<Message>Request has expired<\/Message>\n<Expires>[^<]+Z<\/Expires>\n<ServerTime>[^<]+Z<\/ServerTime>\n<RequestId>\w+<\/RequestId>\n<HostId>[^<]+<\/HostId>\n<\/Error>/,
    )
  })

  it('that was touched is refused without a word about what it would open', async (t) => {
    const { link } = await setUp(t)
    const url = await link()
    const other = url.replace(/Expires=\d+/, 'Expires=4000000000')
    const refused = await fetch(other)
    assert.equal(refused.status, 403)
    assert.match(await refused.text(), /<Code>SignatureDoesNotMatch<\/Code>/)
  })

  it('says in the form of S3 that its bytes are damaged, and tells the operator why', async (t) => {
    const { server, link } = await setUp(t)
    const url = await link()
    for (const path of await readdir(server.folder, { recursive: true })) {
      const file = join(server.folder, path)
      if (path.includes('objects') && (await stat(file)).size === 5) await truncate(file, 4)
    }
    const refused = await fetch(url)
    assert.equal(refused.status, 500)
    assert.match(
      await refused.text(),
      /<Code>InternalError<\/Code>\n<Message>Something went wrong on our side\.<\/Message>/,
    )
    assert.match(JSON.stringify(server.log), /has 4 bytes; bytes 0 to 5 cannot be read/)
    const page = await fetch(url, { headers: { accept: 'text/html, application/xhtml+xml' } })
    assert.match(await page.text(), /<p>Something went wrong on our side\.<\/p>/)
  })

  it('stands in no log line', async (t) => {
    const { server, link } = await setUp(t)
    const url = await link()
    await fetch(url)
    const { pathname } = new URL(url)
    await until('the request is logged', () => server.log.some(({ path }) => path === pathname))
    const signature = new URL(url).searchParams.get('Signature') ?? ''
    assert.equal(signature.length, 43)
    assert.ok(!JSON.stringify(server.log).includes(signature))
  })
})

async function setUp(t: TestContext, environment: Record<string, string> = {}) {
  const server = await startTestServer(t, { config, environment })
  const ada = await createTestAccount(server.core, 'ada', { permissions: ['download:*'] })
  const headers = { ...ada.headers, 'content-type': 'application/json' }
  const created = await fetch(`${server.url}/api/downloads`, {
    method: 'POST',
    headers,
    body: '{"download":{"download_type":"note"}}',
  })
  const { download } = (await created.json()) as { download: { id: string } }
  return {
    server,
    ada,
    /** A fresh signed URL, once the download is done. */
    async link(): Promise<string> {
      let location: string | null = null
      await until('the download is done', async () => {
        const answer = await fetch(`${server.url}/api/downloads/${download.id}/file`, {
          headers,
          redirect: 'manual',
        })
        location = answer.headers.get('location')
        return answer.status === 302
      })
      return location ?? ''
    },
  }
}
