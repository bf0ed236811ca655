import type { IncomingHttpHeaders } from 'node:http'
import { DeliveryError } from '../core/errors.ts'

/** Algorithms of RFC 9530 §5 that received bytes are checked by, and how many bytes long each digest is. */
const lengths = { 'sha-512': 64, 'sha-256': 32, md5: 16 } as const

export type CheckedAlgorithm = keyof typeof lengths

/**
 * The digests that a request says of its bytes, by Repr-Digest and Content-Digest (the same thing
 * here: no content coding is taken), in lower-case hex.
 * @throws DeliveryError `malformed` when a field cannot be read, `invalid` when it names only
 *   algorithms that are not checked here or both fields disagree: a check that was asked for is never passed over
 */
export function receivedDigests(headers: IncomingHttpHeaders): Map<CheckedAlgorithm, string> {
  const digests = new Map<CheckedAlgorithm, string>()
  for (const name of ['repr-digest', 'content-digest'] as const) {
    const field = headers[name]
    if (field !== undefined) readField(name, String(field), digests)
  }
  return digests
}

function readField(name: string, field: string, digests: Map<CheckedAlgorithm, string>): void {
  let known = 0
  for (const member of field.split(',')) {
    // RFC 8941 §3.3.5: a byte sequence is base64 between colons.
    const match = /^\s*([a-z0-9-]+)=:([A-Za-z0-9+/]*={0,2}):\s*$/.exec(member)
    if (match === null) throw new DeliveryError('malformed', `The field ${name} cannot be read.`)
    const [, algorithm = '', value = ''] = match
    if (!isChecked(algorithm)) continue
    const hex = Buffer.from(value, 'base64').toString('hex')
    if (hex.length !== lengths[algorithm] * 2) {
      throw new DeliveryError('malformed', `The ${algorithm} digest in ${name} has a wrong length.`)
    }
    if ((digests.get(algorithm) ?? hex) !== hex) {
      throw new DeliveryError('invalid', 'Repr-Digest and Content-Digest say different things.')
    }
    digests.set(algorithm, hex)
    known += 1
  }
  if (known > 0) return
  throw new DeliveryError(
    'invalid',
    `Of the algorithms in ${name} none is checked here: use sha-256, sha-512 or md5.`,
  )
}

function isChecked(algorithm: string): algorithm is CheckedAlgorithm {
  return Object.hasOwn(lengths, algorithm)
}
