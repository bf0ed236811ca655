import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { defineConfig, module } from '../../src/define-config.ts'
import { createTestAccount, startTestServer } from '../support/test-server.ts'
import { untilFound } from '../support/until.ts'

const config = defineConfig({
  downloadTypes: {
    greeting: {
      producer: module({
        async produce({ info, file }) {
          file('naïve greeting.txt', 'text/plain').end(`Hello ${JSON.stringify(info ?? null)}`)
        },
      }),
    },
    strict: {
      info: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
      producer: module({ produce: async ({ file }) => void file('a', 'text/plain').end('a') }),
    },
    never: {
      producer: module({
        produce: ({ signal }) =>
          new Promise((_resolve, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason)),
          ),
      }),
    },
    broken: {
      maxAttempts: 1,
      producer: module({
        async produce() {
          throw new Error('secret path /etc/x')
        },
      }),
    },
  },
})

describe('the downloads API', () => {
  it('creates a download, shows its states, and leads to the file', async (t) => {
    const { api, ada } = await setUp(t)
    const created = await api('/api/downloads', ada, { download: { download_type: 'greeting' } })
    assert.equal(created.status, 201)
    assert.deepEqual(created.body, {
      download: {
        id: created.body.download.id,
        download_type: 'greeting',
        user_id: ada.id,
        state: 'created',
        url: null,
      },
    })
    const done = await api.done(created.body.download.id, ada)
    assert.equal(done.url, `/api/downloads/${done.id}/file`)
    const redirect = await api(done.url ?? '', ada)
    assert.equal(redirect.status, 302)
    assert.equal(redirect.headers.get('cache-control'), 'private, no-store')
    // The live client keeps its Authorization header over the redirect.
    const file = await fetch(redirect.headers.get('location') ?? '', { headers: ada.headers })
    assert.equal(file.status, 200)
    assert.equal(await file.text(), 'Hello null')
    assert.match(file.headers.get('content-disposition') ?? '', /filename\*=UTF-8''na%C3%AFve/)
  })

  it('gives info to the producer', async (t) => {
    const { api, ada } = await setUp(t)
    const request = { download: { download_type: 'greeting', info: { a: [1, 'é'] } } }
    const { body } = await api('/api/downloads', ada, request)
    const { url } = await api.done(body.download.id, ada)
    const redirect = await api(url ?? '', ada)
    const file = await fetch(redirect.headers.get('location') ?? '')
    assert.equal(await file.text(), 'Hello {"a":[1,"é"]}')
  })

  it('takes the form that its live client sends, and Basic key:secret', async (t) => {
    const { server, ada } = await setUp(t)
    const response = await fetch(`${server.url}/api/downloads`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${btoa(`${ada.accessKey}:${ada.secretKey}`)}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'download[download_type]=strict&download%5Binfo%5D%5Bn%5D=x',
    })
    assert.equal(response.status, 422)
    const form = await fetch(`${server.url}/api/downloads`, {
      method: 'POST',
      headers: { ...ada.headers, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'download[download_type]=greeting&download[info][who]=you+all',
    })
    assert.equal(form.status, 201)
  })

  const refused: [string, string, string | undefined, number][] = [
    ['not JSON', 'application/json', '{', 400],
    ['nothing as JSON', 'application/json', '', 400],
    ['nothing as a form', 'application/x-www-form-urlencoded', '', 422],
    ['a form that nests wrongly', 'application/x-www-form-urlencoded', 'a[b]=1&a=2', 400],
    ['another media type', 'text/csv', 'x', 415],
    ['null', 'application/json', 'null', 422],
    ['a list', 'application/json', '[]', 422],
    ['no download', 'application/json', '{}', 422],
    ['a download that is a text', 'application/json', '{"download":"x"}', 422],
    ['no type', 'application/json', '{"download":{}}', 422],
    ['a type that is a number', 'application/json', '{"download":{"download_type":1}}', 422],
    ['an unknown type', 'application/json', '{"download":{"download_type":"x"}}', 422],
    ['an inherited type', 'application/json', '{"download":{"download_type":"constructor"}}', 422],
    [
      'info that is a list',
      'application/json',
      '{"download":{"download_type":"greeting","info":[]}}',
      422,
    ],
    [
      'info that its schema refuses',
      'application/json',
      '{"download":{"download_type":"strict","info":{}}}',
      422,
    ],
    [
      'a NUL character',
      'application/json',
      '{"download":{"download_type":"greeting","info":{"a":"\\u0000"}}}',
      422,
    ],
    [
      'info that nests too deep',
      'application/json',
      `{"download":{"download_type":"greeting","info":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_002)}`,
      422,
    ],
    ['a text', 'text/plain', '{"download":{"download_type":"greeting"}}', 415],
    [
      'a prototype',
      'application/json',
      '{"__proto__":{"download":{"download_type":"greeting"}}}',
      400,
    ],
    [
      'a type without permission',
      'application/json',
      '{"download":{"download_type":"never"}}',
      403,
    ],
  ]

  it('refuses what is not valid, with an errors member', async (t) => {
    const { server, core } = await setUp(t)
    const eve = await createTestAccount(core, 'eve', {
      permissions: ['download:greeting', 'download:strict'],
    })
    for (const [what, type, body, status] of refused) {
      const response = await fetch(`${server.url}/api/downloads`, {
        method: 'POST',
        headers: { ...eve.headers, 'content-type': type },
        body: body ?? null,
      })
      assert.equal(response.status, status, what)
      const { errors } = (await response.json()) as { errors: { message: string }[] }
      assert.match(errors[0]?.message ?? '', /^\S.*[.]$/, what)
    }
  })

  it('answers 403 to others, 404 to the unknown, 401 to nobody', async (t) => {
    const { server, api, ada, core } = await setUp(t)
    const { body } = await api('/api/downloads', ada, { download: { download_type: 'greeting' } })
    const colleague = await createTestAccount(core, 'bob', { permissions: ['admin'] })
    const stranger = await createTestAccount(core, 'eve', {
      organization: 'other',
      permissions: ['admin'],
    })
    for (const path of [body.download.id, `${body.download.id}/file`]) {
      for (const account of [colleague, stranger]) {
        assert.equal((await api(`/api/downloads/${path}`, account)).status, 403)
      }
      const nobody = await fetch(`${server.url}/api/downloads/${path}`)
      assert.equal(nobody.status, 401)
      assert.match(nobody.headers.get('www-authenticate') ?? '', /^Bearer realm=.*Basic realm=/)
    }
    for (const path of ['x', 'x/file', '%00', '..%2f..', 'x'.repeat(300), '']) {
      assert.equal((await api(`/api/downloads/${path}`, ada)).status, 404, path)
    }
  })

  it('answers 404 to /file before the end, and 403 once the permission is lost', async (t) => {
    const { api, ada, core } = await setUp(t)
    const { setPermissions } = await import('../../src/core/accounts/accounts.ts')
    const { body } = await api('/api/downloads', ada, { download: { download_type: 'never' } })
    const file = await api(`/api/downloads/${body.download.id}/file`, ada)
    assert.equal(file.status, 404)
    await setPermissions(core, 'system', { accountId: ada.id, permissions: ['download:greeting'] })
    assert.equal((await api(`/api/downloads/${body.download.id}`, ada)).status, 403)
  })

  it('says that a download failed without saying what only the operator may know', async (t) => {
    const { api, ada } = await setUp(t)
    const { body } = await api('/api/downloads', ada, { download: { download_type: 'broken' } })
    const failed = await api.failed(body.download.id, ada)
    assert.equal(failed.url, null)
    const v1 = await api(`/v1/deliveries/${body.download.id}`, ada)
    assert.doesNotMatch(JSON.stringify(v1.body), /etc/)
  })

  it('takes an absolute-form target', async (t) => {
    const { server, api, ada } = await setUp(t)
    const { body } = await api('/api/downloads', ada, { download: { download_type: 'greeting' } })
    const { port, host } = new URL(server.url)
    const target = `http://${host}/api/downloads/${body.download.id}`
    const socket = connect(Number(port), '127.0.0.1')
    t.after(() => socket.destroy())
    socket.write(
      `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${ada.token}\r\nConnection: close\r\n\r\n`,
    )
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(chunk as Buffer)
    assert.match(Buffer.concat(chunks).toString(), /^HTTP\/1\.1 200 OK/)
  })

  it('creates once for an Idempotency-Key', async (t) => {
    const { server, ada } = await setUp(t)
    const create = (type: string) =>
      fetch(`${server.url}/api/downloads`, {
        method: 'POST',
        headers: { ...ada.headers, 'content-type': 'application/json', 'idempotency-key': 'k1' },
        body: JSON.stringify({ download: { download_type: type } }),
      })
    const answers = await Promise.all(Array.from({ length: 8 }, () => create('greeting')))
    const bodies = new Set(await Promise.all(answers.map((answer) => answer.text())))
    assert.equal(bodies.size, 1)
    assert.equal((await create('never')).status, 422)
  })
})

interface Download {
  id: string
  state: string
  url: string | null
}

async function setUp(t: Parameters<typeof startTestServer>[0]) {
  const server = await startTestServer(t, { config })
  const ada = await createTestAccount(server.core, 'ada', { permissions: ['download:*'] })

  async function call(path: string, account: { headers: Record<string, string> }, body?: unknown) {
    const response = await fetch(server.url + path, {
      redirect: 'manual',
      ...(body === undefined
        ? { headers: account.headers }
        : {
            method: 'POST',
            headers: { ...account.headers, 'content-type': 'application/json' },
            body: JSON.stringify(body),
          }),
    })
    const text = await response.text()
    const json = text.startsWith('{') ? JSON.parse(text) : {}
    return {
      status: response.status,
      headers: response.headers,
      body: json as { download: Download },
    }
  }

  async function over(id: string, account: typeof ada, end: 'done' | 'failed'): Promise<Download> {
    return await untilFound(`the download is ${end}`, async () => {
      const { body } = await call(`/api/downloads/${id}`, account)
      const { state } = body.download
      if (['done', 'failed'].includes(state)) assert.equal(state, end)
      return state === end ? body.download : null
    })
  }

  const api = Object.assign(call, {
    done: (id: string, account: typeof ada) => over(id, account, 'done'),
    failed: (id: string, account: typeof ada) => over(id, account, 'failed'),
  })
  return { server, core: server.core, ada, api }
}
