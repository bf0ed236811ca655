import type { IncomingHttpHeaders } from 'node:http'
import type { Digests } from '../core/content.ts'
import { remember } from './remember.ts'

/** What the answer holds: the whole representation in a GET, or less. */
export interface DigestedAnswer {
  readonly digests: Digests
  readonly isWhole: boolean
}

/**
 * The integrity fields of an answer as name-value pairs (RFC 9530). Repr-Digest is there whenever
 * sha-256 is known, on partial answers too, because it speaks of the whole; md5 joins it when asked
 * for. Content-Digest, only when asked for and only with a whole answer, whose bytes are those of
 * the representation: a part would have to be read twice. Digest (RFC 3230, obsolete) for clients
 * such as aria2 that ask by Want-Digest and check nothing else.
 */
export function digestFields(headers: IncomingHttpHeaders, answer: DigestedAnswer): string[] {
  const fields: string[] = []
  const { digests } = answer
  const representation = formatDigests(digests, weightsOf(headers['want-repr-digest']))
  if (representation !== '') fields.push('Repr-Digest', representation)
  const wantedContent = headers['want-content-digest']
  if (wantedContent !== undefined && answer.isWhole) {
    const content = formatDigests(digests, weightsOf(wantedContent))
    if (content !== '') fields.push('Content-Digest', content)
  }
  const legacy = headers['want-digest']
  if (legacy !== undefined) fields.push(...legacyDigest(digests, legacyWeightsOf(legacy)))
  return fields
}

/** Does a request ask for SHA-256, by whichever field? Only some contents know it unasked. */
export function wantsSha256(headers: IncomingHttpHeaders): boolean {
  const representation = weightsOf(headers['want-repr-digest'])
  const content = weightsOf(headers['want-content-digest'])
  const legacy = legacyWeightsOf(headers['want-digest'])
  return [representation, content, legacy].some((weights) => (weights.get('sha-256') ?? 0) > 0)
}

/** RFC 9530 §4: a weight of 0 refuses an algorithm; sha-256 is sent unless it is refused. */
function formatDigests(digests: Digests, weights: Weights): string {
  const members: string[] = []
  if (digests.sha256 !== undefined && weights.get('sha-256') !== 0) {
    members.push(`sha-256=:${toBase64(digests.sha256)}:`)
  }
  if (digests.md5 !== undefined && (weights.get('md5') ?? 0) > 0) {
    members.push(`md5=:${toBase64(digests.md5)}:`)
  }
  return members.join(', ')
}

/** RFC 3230 §4.3.1: the known algorithm that the client likes best. */
function legacyDigest(digests: Digests, weights: Weights): string[] {
  const sha256 = digests.sha256 === undefined ? 0 : (weights.get('sha-256') ?? 0)
  const md5 = digests.md5 === undefined ? 0 : (weights.get('md5') ?? 0)
  if (sha256 > 0 && sha256 >= md5) return ['Digest', `SHA-256=${toBase64(digests.sha256 ?? '')}`]
  return md5 > 0 ? ['Digest', `MD5=${toBase64(digests.md5 ?? '')}`] : []
}

/** Algorithms in lower case, and how much each is wanted; 0 refuses it. */
type Weights = ReadonlyMap<string, number>

const noWeights: Weights = new Map()
const member = /^\s*([a-z0-9-]+)\s*=\s*(\d+)\s*$/
const legacyMember = /^\s*([a-z0-9-]+)\s*(?:;\s*q\s*=\s*(\d(?:\.\d*)?)\s*)?$/

function weightsOf(field: string | string[] | undefined): Weights {
  return field === undefined ? noWeights : preferences(String(field), member)
}

function legacyWeightsOf(field: string | string[] | undefined): Weights {
  return field === undefined ? noWeights : preferences(String(field).toLowerCase(), legacyMember)
}

/** What cannot be read is passed over, because the fields are only hints. */
function preferences(field: string, pattern: RegExp): Weights {
  const weights = new Map<string, number>()
  for (const part of field.split(',')) {
    const match = pattern.exec(part)
    if (match?.[1] !== undefined) weights.set(match[1], Number(match[2] ?? 1))
  }
  return weights
}

const toBase64 = remember((hex: string) => Buffer.from(hex, 'hex').toString('base64'))
