import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fastify } from 'fastify'
import { DeliveryError } from '../../src/core/errors.ts'
import { asDeliveryError, takeError } from '../../src/http/as-delivery-error.ts'
import { fromDiskError, unusableFolder } from '../../src/storage/disk-error.ts'

const folder = '/srv/secret/objects'
const full = fromDiskError(Object.assign(new Error('write'), { code: 'ENOSPC' }), folder)
const closed = unusableFolder(Object.assign(new Error('EACCES'), { code: 'EACCES' }), folder)

describe('trouble with the storage', () => {
  it('is told to operators in the log, and to customers without what it lies on', async () => {
    const log: string[] = []
    const app = fastify({ logger: { stream: { write: (line) => void log.push(line) } } })
    app.setErrorHandler((error, request, reply) => {
      const { code, message } = takeError(error, request, reply)
      return reply.code(500).send({ code, message })
    })
    for (const [path, error] of Object.entries({ full, closed })) {
      app.get(`/${path}`, async () => {
        throw error
      })
    }
    for (const [path, code] of [
      ['full', 'storage_full'],
      ['closed', 'unavailable'],
    ] as const) {
      log.length = 0
      const answer = await app.inject(`/${path}`)
      assert.equal(answer.json().code, code)
      assert.doesNotMatch(answer.body, /secret|CLAIMCHECK|ENOSPC|EACCES/)
      assert.match(log.join(''), /"level":50.*The storage folder \/srv\/secret\/objects/)
    }
  })

  it('is one refusal for customers, and the other is its cause', () => {
    const refusal = asDeliveryError(full)
    assert.ok(refusal.cause === full && full instanceof DeliveryError)
    assert.match(full.message, /ENOSPC/)
    assert.equal(refusal.message, full.told)
    const plain = new DeliveryError('unavailable', 'Come later.')
    assert.equal(asDeliveryError(plain), plain)
  })
})
