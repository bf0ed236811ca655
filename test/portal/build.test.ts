import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { portalPaths } from '../../src/http/portal-paths.ts'
import { startTestServer } from '../support/test-server.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const assets = `${root}dist-portal/assets`

describe('the built portal', () => {
  it('has less than 120 kB of JavaScript, compressed', () => {
    const scripts = readdirSync(assets).filter((name) => name.endsWith('.js'))
    const sizes = scripts.map((name) => gzipSync(readFileSync(`${assets}/${name}`)).length)
    const size = sizes.reduce((sum, one) => sum + one, 0)
    assert.ok(scripts.length > 0 && size < 120_000, `${size} bytes`)
  })

  it('has nothing inline and nothing from elsewhere', () => {
    const html = readFileSync(`${root}dist-portal/index.html`, 'utf8')
    assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=|https?:\/\//)
  })

  it('has a page for each path that the server gives it', () => {
    const pages = readFileSync(`${root}portal/src/pages.tsx`, 'utf8')
    for (const path of portalPaths) assert.ok(pages.includes(`case '${path}':`), path)
  })

  it('is served with a strict policy, its assets for ever, and shadows no API', async (t) => {
    const { url } = await startTestServer(t)
    for (const path of ['/', '/pick-up', '/deliveries/01jhx5', '/admin/jobs']) {
      const page = await fetch(url + path)
      assert.equal(page.status, 200, path)
      const policy = page.headers.get('content-security-policy') ?? ''
      assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/)
      assert.doesNotMatch(policy, /unsafe|https?:|\*/)
      assert.equal(page.headers.get('cache-control'), 'no-cache')
    }
    for (const name of readdirSync(assets)) {
      const asset = await fetch(`${url}/assets/${name}`, {
        headers: { 'accept-encoding': 'br' },
      })
      assert.equal(asset.headers.get('content-encoding'), 'br')
      assert.match(asset.headers.get('cache-control') ?? '', /max-age=31536000, immutable/)
      assert.equal(asset.headers.get('x-content-type-options'), 'nosniff')
    }
    for (const path of ['/nothing', '/assets/nothing.js', '/pick-upx', '/api/nothing']) {
      assert.equal((await fetch(url + path)).status, 404, path)
    }
    const { headers } = await fetch(`${url}/v1/nothing`)
    assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/)
  })
})
