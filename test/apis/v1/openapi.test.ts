import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { Sent } from '../../support/documented-api.ts'
import { suiteCleanup } from '../../support/suite-cleanup.ts'
import { by, startWorld, type World } from '../../support/v1-world.ts'

describe('the OpenAPI document', () => {
  let world: World
  const cleanup = suiteCleanup()
  before(async () => {
    world = await startWorld(cleanup)
  })

  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator()
    const { valid, errors } = await validator.validate(
      structuredClone(world.document) as object as Record<string, unknown>,
    )
    assert.equal(valid, true, JSON.stringify(errors))
    assert.equal(validator.version, '3.1')
  })

  it('says of each operation what it is, with an id of its own, and how it refuses', () => {
    const ids = new Set<string>()
    for (const [path, methods] of Object.entries(world.document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const where = `${method} ${path}`
        assert.ok(operation.operationId, `${where} has no id`)
        assert.ok(!ids.has(operation.operationId), `${where} has a second ${operation.operationId}`)
        ids.add(operation.operationId)
        assert.equal(operation.tags?.length, 1, where)
        assert.ok(
          Object.keys(operation.responses).some((status) => status >= '400'),
          where,
        )
      }
    }
    assert.ok(ids.size > 30, `${ids.size} operations`)
  })

  it('shows itself as a page without scripts, by a policy that allows none', async () => {
    const page = await fetch(`${world.server.url}/docs`)
    const html = await page.text()
    assert.equal(page.status, 200)
    assert.match(
      page.headers.get('content-security-policy') ?? '',
      /^default-src 'none'; style-src 'self'/,
    )
    assert.ok(
      !/<script|<style|\son\w+=|\sstyle=|https?:\/\//.test(html),
      'something active or foreign',
    )
    for (const { operationId, summary } of Object.values(world.document.paths).flatMap((methods) =>
      Object.values(methods as Record<string, { operationId?: string; summary?: string }>),
    )) {
      const shown = (summary ?? '').replaceAll("'", '&#39;')
      assert.ok(html.includes(shown), `${operationId} is not on the page`)
    }
    const style = await fetch(`${world.server.url}/docs/style.css`)
    assert.equal(style.headers.get('content-type'), 'text/css; charset=utf-8')
  })

  it('links within the page only to what is there', async () => {
    const html = await (await fetch(`${world.server.url}/docs`)).text()
    const targets = new Set([...html.matchAll(/id="([^"]+)"/g)].map(([, id]) => id))
    for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) {
      assert.ok(targets.has(target), `#${target} leads nowhere`)
    }
  })

  it('holds for the downloads API and the token endpoint as well', async () => {
    const { ada, eve, ask, json, helloOf } = world
    const body = { download: { download_type: 'hello' } }
    const { download } = await json<{ download: { id: string } }>('POST', '/api/downloads', {
      ...by(ada, { body }),
      status: 201,
    })
    const done = await helloOf(ada)
    const answers: [method: string, path: string, sent: Sent, status: number][] = [
      ['GET', `/api/downloads/${download.id}`, by(ada), 200],
      ['GET', `/api/downloads/${done.id}/file`, by(ada), 302],
      ['GET', `/api/downloads/${done.id}`, by(eve), 403],
      ['GET', '/api/downloads/nothing', by(ada), 404],
      ['GET', '/api/downloads/nothing', {}, 401],
      ['POST', '/api/downloads', by(ada, { body: { download: {} } }), 422],
      ['POST', '/api/downloads', by(ada, { body: '{', headers: asJson }), 400],
      ['POST', '/oauth2/token', { body: tokenForm(ada.clientSecret), headers: asForm }, 200],
      ['POST', '/oauth2/token', { body: tokenForm('wrong'), headers: asForm }, 401],
      ['POST', '/oauth2/token', { body: 'grant_type=x', headers: asForm }, 401],
      ['POST', '/oauth2/token', { body: '{}', headers: asJson }, 400],
    ]
    for (const [method, path, sent, status] of answers) {
      const answer = await ask(method, path, sent)
      assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`)
    }
  })

  const asJson = { 'content-type': 'application/json' }
  const asForm = { 'content-type': 'application/x-www-form-urlencoded' }
  const tokenForm = (secret: string) =>
    `grant_type=client_credentials&client_id=${world.ada.clientId}&client_secret=${secret}`
})
