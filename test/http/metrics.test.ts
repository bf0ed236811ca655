import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startTestServer } from '../support/test-server.ts'
import { until } from '../support/until.ts'
import { startWorld } from '../support/v1-world.ts'

describe('/metrics', () => {
  it('is for the machine itself, and for whom CLAIMCHECK_METRICS_ALLOW names', async (t) => {
    const environment = {
      CLAIMCHECK_TRUSTED_PROXIES: '127.0.0.1',
      CLAIMCHECK_METRICS_ALLOW: '10.1.0.0/16',
    }
    const { url } = await startTestServer(t, { environment })
    const askAs = async (address: string) =>
      (await fetch(`${url}/metrics`, { headers: { 'x-forwarded-for': address } })).status
    assert.equal((await fetch(`${url}/metrics`)).status, 200)
    assert.equal(await askAs('10.1.2.3'), 200)
    assert.equal(await askAs('10.2.0.1'), 404)
    assert.equal(await askAs('203.0.113.7'), 404)
  })

  it('counts attempts by how they ended', async (t) => {
    const { server, ada, json } = await startWorld(t)
    const body = { type: 'failing' }
    await json('POST', '/v1/deliveries', { headers: ada.headers, body, status: 201 })
    await until('the attempt is counted', async () => {
      const text = await (await fetch(`${server.url}/metrics`)).text()
      return text.includes('claimcheck_jobs_ended_total{kind="download",outcome="failed"} 1')
    })
  })
})
