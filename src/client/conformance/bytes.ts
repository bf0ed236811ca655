import { refusalOf } from '../call.ts'
import type { ApiName } from '../delivery.ts'
import { discard, drain } from '../drain.ts'
import type { Transport } from '../transport.ts'
import type { Checked } from './check.ts'

type Fields = Readonly<Record<string, string>>

/** A condition with the status that RFC 9110 gives it. */
interface Case {
  readonly expected: string
  readonly fields: Fields
  readonly statuses: readonly number[]
}

/**
 * The bytes of a file, at the address that an API gave for it: ranges and conditions.
 * @throws ClientError `unauthenticated` for a file by itself: who is not let in sees nothing of it
 */
export async function* checkBytes(
  api: ApiName,
  transport: Transport,
  url: string,
): AsyncGenerator<Checked> {
  const ask = async (fields: Fields) => {
    const answered = await transport.send({
      url,
      headers: { 'accept-encoding': 'identity', ...fields },
    })
    const { response } = answered
    const { status, headers } = response
    if (status === 401 && api === 'file') throw refusalOf(answered, await drain(response))
    if (status === 206) await drain(response, 1000)
    else discard(response)
    return { status, headers }
  }
  const whole = await ask({})
  yield { api, expected: 'the file: 200', holds: whole.status === 200, seen: `${whole.status}` }
  if (whole.status !== 200) return
  const length = whole.headers.get('content-length')
  yield { api, expected: 'Content-Length', holds: length !== null, seen: String(length) }
  const etag = whole.headers.get('etag')
  yield {
    api,
    expected: 'a strong ETag',
    holds: etag?.startsWith('"') === true,
    seen: String(etag),
  }
  for (const { expected, fields, statuses } of casesOf(etag, Number(length))) {
    const { status } = await ask(fields)
    yield { api, expected, holds: statuses.includes(status), seen: `${status}` }
  }
}

function casesOf(etag: string | null, length: number): Case[] {
  const none = '"no-such-tag"'
  const late = { 'if-modified-since': 'Fri, 01 Jan 2038 00:00:00 GMT' }
  const early = { 'if-unmodified-since': 'Fri, 01 Jan 1999 00:00:00 GMT' }
  const first = { range: 'bytes=0-0' }
  const always: Case[] = [
    {
      expected: 'If-None-Match beats If-Modified-Since: 200',
      fields: { 'if-none-match': none, ...late },
      statuses: [200],
    },
    { expected: 'If-Match that fails: 412', fields: { 'if-match': none }, statuses: [412] },
    { expected: 'If-Unmodified-Since that fails: 412', fields: early, statuses: [412] },
    { expected: 'an unknown unit: 200', fields: { range: 'items=0-1' }, statuses: [200] },
  ]
  const ranged: Case[] = [
    { expected: 'Range of the first byte: 206', fields: first, statuses: [206] },
    {
      expected: 'If-Range that fails: 200, whole',
      fields: { ...first, 'if-range': none },
      statuses: [200],
    },
    {
      expected: 'Range beyond the end: 416',
      fields: { range: 'bytes=99999999999-' },
      statuses: [416],
    },
  ]
  const tagged: Case[] =
    etag === null
      ? []
      : [
          { expected: 'If-None-Match: 304', fields: { 'if-none-match': etag }, statuses: [304] },
          {
            expected: 'If-None-Match, a list with a weak tag: 304',
            fields: { 'if-none-match': `"x", W/${etag.replace(/^W\//, '')}` },
            statuses: [304],
          },
          { expected: 'If-None-Match: *: 304', fields: { 'if-none-match': '*' }, statuses: [304] },
          ...(length > 0
            ? [
                {
                  expected: 'If-Range that holds: 206',
                  fields: { ...first, 'if-range': etag },
                  statuses: [206],
                },
              ]
            : []),
        ]
  return [...always, ...(length > 0 ? ranged : []), ...tagged]
}
