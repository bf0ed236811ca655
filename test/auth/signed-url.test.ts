import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { checkSignedUrl, signUrl, type UrlGrant } from '../../src/auth/signed-url.ts'
import { newKey, parseKeyRing } from '../support/keys.ts'
import { refusal } from '../support/refusal.ts'
import { sized } from '../support/size.ts'

const now = Date.UTC(2026, 0, 15, 12)
const key1 = newKey('k1')
const ring = parseKeyRing(key1)

function grant(more: Partial<UrlGrant> = {}): UrlGrant {
  return {
    grantId: '01kf0000000000000000000000',
    fileName: 'communes (2026)+é&x=1.csv',
    method: 'GET',
    expiresAt: now + 900_000,
    ...more,
  }
}

function outcome(target: string, { method = 'GET', at = now, keys = ring } = {}): string {
  const check = checkSignedUrl(keys, { method, target }, at)
  return 'ok' in check ? 'ok' : check.refused
}

describe('signUrl()', () => {
  it('writes the one form, the file name last in the path', () => {
    assert.match(
      signUrl(ring, grant()),
      /^\/files\/01kf0000000000000000000000\/communes%20%282026%29%2B%C3%A9%26x%3D1\.csv\?Expires=1768479300&KeyId=k1&Signature=[\w-]{43}$/,
    )
  })

  it('refuses what no URL can carry', async () => {
    for (const fileName of ['', '.', '..', '漢'.repeat(500)]) {
      await refusal('invalid', () => signUrl(ring, grant({ fileName })))
    }
    for (const expiresAt of [-1, Number.NaN, Infinity, -Infinity, 1e14]) {
      await refusal('invalid', () => signUrl(ring, grant({ expiresAt })))
    }
    await refusal('invalid', () => signUrl(ring, grant({ grantId: '../x' })))
  })
})

describe('checkSignedUrl()', () => {
  it('gives back the grant and the name, for GET and for HEAD', () => {
    const target = signUrl(ring, grant())
    const { grantId, fileName, method, expiresAt } = grant()
    const ok = { ok: true, grantId, fileName, method, expiresAt }
    assert.deepEqual(checkSignedUrl(ring, { method: 'GET', target }, now), ok)
    assert.deepEqual(checkSignedUrl(ring, { method: 'HEAD', target }, now), ok)
    const absolute = `http://files.example:8080${target}`
    assert.deepEqual(checkSignedUrl(ring, { method: 'GET', target: absolute }, now), ok)
  })

  it('holds for any name and any time', () => {
    fc.assert(
      fc.property(
        fc
          .string({ unit: 'binary', minLength: 1, maxLength: 255 })
          .filter((s) => !/^\.\.?$/.test(s)),
        fc.integer({ min: 1000, max: 4_000_000_000 }),
        (fileName, seconds) => {
          const target = signUrl(ring, grant({ fileName, expiresAt: seconds * 1000 + 999 }))
          assert.ok(URL.canParse(`http://h${target}`))
          assert.equal(
            new URL(`http://h${target}`).pathname + new URL(`http://h${target}`).search,
            target,
          )
          const check = checkSignedUrl(ring, { method: 'GET', target }, seconds * 1000 - 1)
          assert.ok('ok' in check)
          assert.equal(check.fileName, fileName.toWellFormed())
          assert.equal(outcome(target, { at: seconds * 1000 }), 'expired')
        },
      ),
      { numRuns: sized(200, 5000) },
    )
  })

  it('refuses it with any one byte changed, left out or put in', () => {
    const target = signUrl(ring, grant())
    const others = [...'0aZ_-%./?&=+ ', '\0', 'é']
    for (let i = 0; i < target.length; i += 1) {
      const before = target.slice(0, i)
      const after = target.slice(i + 1)
      const flipped = [0, 1, 2, 3, 4, 5, 6].map((bit) =>
        String.fromCharCode(target.charCodeAt(i) ^ (1 << bit)),
      )
      for (const other of [...flipped, ...others, '']) {
        if (other === target[i]) continue
        assert.notEqual(outcome(before + other + after), 'ok', before + other + after)
      }
      for (const other of others) {
        const longer = before + other + target.slice(i)
        assert.notEqual(outcome(longer), 'ok', longer)
      }
    }
    for (const other of others) assert.notEqual(outcome(target + other), 'ok')
  })

  it('a changed expiry is a forgery, not an expiry', () => {
    const target = signUrl(ring, grant())
    assert.equal(outcome(target.replace('Expires=17', 'Expires=16')), 'forged')
    assert.equal(outcome(target.replace('Expires=17', 'Expires=27')), 'forged')
  })

  it('has one form only', () => {
    const target = signUrl(ring, grant())
    const [path = '', query = ''] = target.split('?')
    const [expires = '', keyId = '', signature = ''] = query.split('&')
    const others = [
      path,
      `${path}?`,
      `${path}?${expires}&${keyId}`,
      `${path}?${keyId}&${expires}&${signature}`,
      `${path}?${signature}&${expires}&${keyId}`,
      `${target}&${expires}`,
      `${target}&Expires=9999999999`,
      `${path}?Expires=9999999999&${query}`,
      `${target}&download=evil.exe`,
      `${target}&response-content-disposition=inline`,
      `${target}#x`,
      `${target}=`,
      `${target}%3D`,
      `${target}%0A`,
      `${target}\n`,
      target.replace('Expires', 'expires'),
      target.replace('Expires=', 'Expires=0'),
      target.replace('Expires=', 'Expires=+'),
      target.replace(/Expires=\d+/, 'Expires=1e12'),
      target.replace(/Expires=\d+/, 'Expires=-1'),
      target.replace(/Expires=\d+/, 'Expires=NaN'),
      target.replace(/Expires=\d+/, `Expires=${'9'.repeat(400)}`),
      target.replace('%20', '+'),
      target.replace('%20', ' '),
      target.replace('%C3%A9', '%c3%a9'),
      target.replace('%C3%A9', 'é'),
      target.replace('%28', '('),
      target.replace('communes', '%63ommunes'),
      target.replace('/files/', '//files/'),
      target.replace('/files/', '/files//'),
      target.replace('/files/', '/files/../files/'),
      target.replace('/files/', '/%66iles/'),
      target.replace('/files/', '/FILES/'),
      target.replace('?', '/?'),
      target.replace('?', ';x?'),
      `/v1${target}`,
      '/files/',
      '',
    ]
    for (const other of others) assert.notEqual(outcome(other), 'ok', other)
  })

  it('which was proven once is still held to its method, its time and each byte', () => {
    const expiresAt = now + 60_000
    const target = signUrl(ring, grant({ expiresAt }))
    assert.equal(outcome(target), 'ok')
    assert.equal(outcome(target, { at: expiresAt - 1 }), 'ok')
    assert.equal(outcome(target, { at: expiresAt }), 'expired')
    assert.equal(outcome(target, { method: 'PUT' }), 'forged')
    assert.equal(outcome(target.replace('Expires=', 'Expires=9')), 'forged')
    assert.equal(outcome(target, { keys: parseKeyRing(newKey('k1')) }), 'forged')
  })

  it('is bound to its method', () => {
    const forGet = signUrl(ring, grant())
    const forPut = signUrl(ring, grant({ method: 'PUT' }))
    for (const method of ['PUT', 'POST', 'DELETE', 'get', 'head', '', 'GET\n']) {
      assert.equal(outcome(forGet, { method }), 'forged')
    }
    assert.equal(outcome(forPut, { method: 'PUT' }), 'ok')
    assert.equal(outcome(forPut, { method: 'GET' }), 'forged')
    assert.equal(outcome(forPut, { method: 'HEAD' }), 'forged')
  })

  it('ends with its second, and says when that was', () => {
    const target = signUrl(ring, grant({ expiresAt: now + 1999 }))
    assert.equal(outcome(target, { at: now + 999 }), 'ok')
    assert.deepEqual(checkSignedUrl(ring, { method: 'GET', target }, now + 1000), {
      refused: 'expired',
      grantId: grant().grantId,
      fileName: grant().fileName,
      expiresAt: now + 1000,
    })
    assert.equal(outcome(signUrl(ring, grant({ expiresAt: 0 }))), 'expired')
  })

  it('survives a rotation as long as its key is in the ring', () => {
    const old = signUrl(ring, grant())
    const both = parseKeyRing(`${newKey('k2')},${key1}`)
    assert.equal(outcome(old, { keys: both }), 'ok')
    assert.match(signUrl(both, grant()), /&KeyId=k2&/)
    assert.equal(outcome(old.replace('KeyId=k1', 'KeyId=k2'), { keys: both }), 'forged')
    assert.equal(outcome(old, { keys: parseKeyRing(newKey('k2')) }), 'forged')
    assert.equal(outcome(old, { keys: parseKeyRing(newKey('k1')) }), 'forged')
  })

  it('takes no proof of another kind', () => {
    const target = signUrl(ring, grant())
    const { createHmac } = process.getBuiltinModule('node:crypto')
    const [path] = target.split('?')
    const text = `GET\n${path}\n1768479300\nk1`
    for (const secret of [
      ring.first.secretFor('access-token'),
      Buffer.alloc(32),
      Buffer.alloc(0),
    ]) {
      const signature = createHmac('sha256', secret).update(text).digest('base64url')
      assert.equal(outcome(target.replace(/Signature=.*/, `Signature=${signature}`)), 'forged')
    }
  })
})
