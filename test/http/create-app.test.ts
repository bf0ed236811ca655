import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { defineConfig, module } from '../../src/define-config.ts'
import { ask, exchange } from '../support/raw-http.ts'
import { createTestAccount, startTestServer } from '../support/test-server.ts'

const config = defineConfig({
  downloadTypes: {
    greeting: {
      producer: module({ produce: async ({ file }) => void file('a.txt', 'text/plain').end('a') }),
    },
  },
})

async function doneDownload(t: TestContext, environment = {}) {
  const server = await startTestServer(t, { config, environment })
  const { headers, token } = await createTestAccount(server.core, 'ada', {
    permissions: ['download:greeting'],
  })
  const port = Number(new URL(server.url).port)
  const created = await fetch(`${server.url}/v1/deliveries`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', prefer: 'wait=30' },
    body: '{"type":"greeting"}',
  })
  const { id } = (await created.json()) as { id: string }
  await fetch(`${server.url}/v1/deliveries/${id}`, { headers: { ...headers, prefer: 'wait=30' } })
  const file = (host: string, target = `/api/downloads/${id}/file`) =>
    ask(port, { path: target, headers: { Host: host, Authorization: `Bearer ${token}` } })
  return { id, port, file }
}

describe('the server, of hosts and addresses', () => {
  it('begins links with no Host that is not one', async (t) => {
    const { file } = await doneDownload(t)
    for (const host of ['files.example', 'files.example:8080', '[::1]:8080', '127.0.0.1']) {
      const { headers } = await file(host)
      assert.equal(headers.get('location')?.startsWith(`http://${host}/files/`), true, host)
    }
    for (const host of ['a b', 'a/b', 'x@evil.example', 'a"<b>', '', 'a\\b', 'a, b', 'a#b']) {
      const { status, headers } = await file(host)
      assert.equal(status, 400, host)
      assert.equal(headers.get('location'), undefined)
    }
  })

  it('asks no request for its host where the public URL is set', async (t) => {
    const { file } = await doneDownload(t, { CLAIMCHECK_PUBLIC_URL: 'https://files.example' })
    const { headers } = await file('a/b')
    assert.match(headers.get('location') ?? '', /^https:\/\/files\.example\/files\//)
  })

  it('takes the host of an absolute target, not of the Host field', async (t) => {
    const { id, file } = await doneDownload(t)
    const target = `http://files.example/api/downloads/${id}/file`
    const { headers } = await file('other.example', target)
    assert.match(headers.get('location') ?? '', /^http:\/\/files\.example\/files\//)
  })

  it('refuses requests that name two hosts or two callers', async (t) => {
    const server = await startTestServer(t)
    const port = Number(new URL(server.url).port)
    for (const path of ['/healthz', '/files/x/a?Expires=1&KeyId=test&Signature=x', 'http://a/v1']) {
      for (const more of ['host: b', 'Authorization: Bearer a\r\nauthorization: Bearer b']) {
        const text = `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\nConnection: close\r\n\r\n`
        const answer = (await exchange(port, text)).toString()
        assert.match(answer, /^HTTP\/1\.1 400 /, `${path} ${more}`)
        assert.match(answer, /more than once/)
      }
    }
  })

  it('never repeats an address that it does not know', async (t) => {
    const server = await startTestServer(t)
    const port = Number(new URL(server.url).port)
    for (const path of ['/Files/x/a?Signature=secret', '//a?Signature=secret', '/v1/%zz?secret']) {
      const { status, headers, body } = await ask(port, { path })
      assert.ok(status === 404 || status === 400, path)
      assert.equal(headers.get('content-type'), 'application/problem+json; charset=utf-8')
      assert.doesNotMatch(body.toString(), /secret|FST_/)
    }
  })

  it('leaves it to an API to refuse an id of any length', async (t) => {
    const { file } = await doneDownload(t)
    const { status, body } = await file('a', `/api/downloads/${'a'.repeat(8000)}`)
    assert.equal(status, 404)
    assert.match(body.toString(), /^\{"errors":/)
  })
})
