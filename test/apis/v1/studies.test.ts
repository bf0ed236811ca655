import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { basic, type Listed } from '../../support/studies.ts'
import { createTestAccount } from '../../support/test-server.ts'
import { by, type Page, startWorld } from '../../support/v1-world.ts'

interface PublishedJson {
  number: number
  name: string
  segment: string
  outcome: string
  url: string
  deliveryId: string
}

describe('/v1/studies', () => {
  it('publishes, replaces, lists and withdraws a file', async (t) => {
    const { server, json, ask, admin } = await startWorld(t)
    const { core } = server
    const publisher = await createTestAccount(core, 'publisher', {
      permissions: ['publish:acme/S%201'],
    })
    const reader = await createTestAccount(core, 'reader', { permissions: ['study:acme'] })
    const path = `/v1/studies/acme/S%201/D/files/${encodeURIComponent('été #1.csv')}`
    const put = (body: string, status: number, query = '') => {
      const sent = by(publisher, { body, headers: bytes(body) })
      return json<PublishedJson>('PUT', path + query, { ...sent, status })
    }
    const first = await put('one', 201, '?studyName=Tourism')
    assert.deepEqual([first.outcome, first.name], ['added', 'été #1.csv'])
    assert.equal((await put('one', 200)).outcome, 'unchanged')
    const second = await put('two', 200, '?name=Summer.csv')
    assert.deepEqual([second.outcome, second.segment], ['replaced', 'été #1.csv'])
    assert.ok(second.number > first.number)
    const authorization = basic('reader', reader.password)
    const listing = await fetch(`${server.url}/api_file/v1/acme/`, { headers: authorization })
    const listed = (await listing.json()) as Listed[]
    assert.deepEqual(
      listed.map(({ url, file_name }) => [url, file_name]),
      [[second.url, 'Summer.csv']],
    )
    const file = await fetch(second.url, { headers: authorization })
    assert.equal(file.headers.get('content-type'), 'text/csv')
    assert.equal(await file.text(), 'two')
    const { items } = await json<Page<{ studyName: string; files: number; url: string }>>(
      'GET',
      '/v1/studies',
      by(reader),
    )
    assert.deepEqual(
      items.map(({ studyName, files, url }) => [studyName, files, url]),
      [['Tourism', 1, `${server.url}/api_file/v1/acme/S%201/D/`]],
    )
    // Whoever sees the study may also be handed a signed URL.
    const link = `/v1/files/${second.number}/links`
    assert.equal((await ask('POST', link, by(reader, { body: {} }))).status, 201)
    assert.equal((await ask('POST', link, by(publisher, { body: {} }))).status, 403)
    assert.equal((await ask('DELETE', path, by(reader))).status, 403)
    assert.equal((await ask('DELETE', path, by(publisher))).status, 204)
    assert.equal((await ask('DELETE', path, by(admin))).status, 404)
    assert.equal((await fetch(second.url, { headers: authorization })).status, 404)
  })

  it('refuses who may not, what cannot be, and bytes that are not what was said', async (t) => {
    const { ask, json, ada, admin, eve, server } = await startWorld(t)
    const path = '/v1/studies/acme/S/D/files/a'
    const put = async (where: string, sent: Parameters<typeof ask>[2]) =>
      (await ask('PUT', where, sent)).status
    const body = 'abc'
    assert.equal(await put(path, { body, headers: bytes(body) }), 401)
    assert.equal(await put(path, by(ada, { body, headers: bytes(body) })), 403)
    assert.equal(await put(path, by(eve, { body, headers: bytes(body) })), 404)
    const wrong = { ...bytes(body), 'repr-digest': digest('other') }
    assert.equal(await put(path, by(admin, { body, headers: wrong })), 422)
    for (const bad of ['/v1/studies/acme/S/D/files/a%2Fb', '/v1/studies/acme/%20/D/files/a']) {
      assert.equal(await put(bad, by(admin, { body, headers: bytes(body) })), 422, bad)
    }
    assert.equal(await put(`${path}?what=1`, by(admin, { body, headers: bytes(body) })), 422)
    const { items } = await json<Page<unknown>>('GET', '/v1/studies', by(admin))
    assert.deepEqual(items, [])
    const kept = []
    for await (const object of server.core.store.list('published')) kept.push(object)
    assert.deepEqual(kept, [])
    assert.equal(await put(path, by(admin, { body: '', headers: bytes('') })), 201)
  })
})

function bytes(body: string) {
  return { 'content-type': 'application/octet-stream', 'repr-digest': digest(body) }
}

function digest(body: string): string {
  return `sha-256=:${createHash('sha256').update(body).digest('base64')}:`
}
