import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { largeBytes, startBucketWorld } from '../support/bucket-world.ts'
import { sha256 } from '../support/bytes.ts'
import { type FaultPlan, startFakeS3 } from '../support/fake-s3.ts'
import { until } from '../support/until.ts'

const isGet = ({ method, key }: { method: string; key: string }) => method === 'GET' && key !== ''
const always: FaultPlan['when'] = () => true

describe('a server whose bucket fails', () => {
  it('keeps its downloads whole, made and delivered through cuts and SlowDown', async (t) => {
    const { fake, link } = await setUp(t)
    const when: FaultPlan['when'] = ({ method }) => method === 'PUT' || method === 'POST'
    fake.plan({ when, times: 3, fault: { answer: 503, code: 'SlowDown' } })
    fake.plan({ when, times: 1, fault: { loseAnswer: true } })
    const url = await link()
    fake.plan({ when: isGet, times: 2, fault: { answer: 503, code: 'SlowDown' } })
    fake.plan({ when: isGet, times: 4, fault: { cutAfter: 1_500_000 } })
    const answer = await fetch(url)
    assert.equal(answer.headers.get('content-length'), String(largeBytes.length))
    assert.equal(sha256(Buffer.from(await answer.arrayBuffer())), sha256(largeBytes))
  })

  it('breaks a download off, and never ends it short, when the object goes away', async (t) => {
    const { fake, link } = await setUp(t)
    const url = await link()
    fake.plan({ when: isGet, times: 1, fault: { cutAfter: 1_500_000 } })
    fake.plan({
      when: (request) => isGet(request) && request.headers['if-match'] !== undefined,
      fault: { answer: 404, code: 'NoSuchKey' },
    })
    const answer = await fetch(url)
    assert.equal(answer.status, 200)
    await assert.rejects(answer.arrayBuffer())
  })

  it('gives back the connection of a customer who goes away', async (t) => {
    const { link } = await setUp(t, { CLAIMCHECK_S3_CONNECTIONS: '1' })
    const url = await link()
    for (let time = 0; time < 3; time += 1) {
      const answer = await fetch(url)
      const reader = answer.body?.getReader()
      await reader?.read()
      await reader?.cancel()
    }
    const whole = await fetch(url)
    assert.equal(sha256(Buffer.from(await whole.arrayBuffer())), sha256(largeBytes))
  })

  it('is not ready while the bucket is away, and is again when it is back', async (t) => {
    const { fake, server } = await setUp(t)
    const ready = async () => (await fetch(`${server.url}/readyz`)).status
    assert.equal(await ready(), 200)
    let isAway = true
    fake.plan({ when: () => isAway, fault: { answer: 503, code: 'ServiceUnavailable' } })
    assert.equal(await ready(), 503)
    isAway = false
    await until('it is ready', async () => (await ready()) === 200)
  })

  it('does not start on it, and says why', async (t) => {
    const fake = await startFakeS3(t)
    fake.plan({ when: always, fault: { answer: 403, code: 'InvalidAccessKeyId' } })
    await assert.rejects(startBucketWorld(t, fake.environment), /CLAIMCHECK_S3_ACCESS_KEY_ID/)
  })
})

async function setUp(t: TestContext, settings: Record<string, string> = {}) {
  const fake = await startFakeS3(t)
  return { fake, ...(await startBucketWorld(t, fake.environment, settings)) }
}
