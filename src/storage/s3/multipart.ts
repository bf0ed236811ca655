import { createHash, randomUUID } from 'node:crypto'
import { payloadOf, type S3Answer, type S3Client, type S3Request } from './client.ts'
import { assertSameDigest, digestIn } from './entity-tag.ts'
import type { Part } from './parts.ts'
import { refusalOf, StoreRefusal } from './refusal.ts'
import { encodeXml, readElement } from './xml.ts'

/** An object that comes in parts. */
export interface Upload {
  readonly key: string
  readonly id: string
  /** The object carries it: only so can a completion whose answer was lost be told from an older object. */
  readonly mark: string
}

export interface UploadedPart {
  readonly number: number
  /** As the store gave it. */
  readonly etag: string
  readonly md5: Buffer
}

const markHeader = 'x-amz-meta-claimcheck-upload'

/** S3's "Multipart upload limits". */
const MOST_PARTS = 10_000

/** Nobody waits for tidying up: the sweeper comes by later. */
const TIDY_PATIENCE_MS = 3000

/** Begins an upload in parts, which is to be completed or taken back. */
export async function beginUpload(
  client: S3Client,
  key: string,
  {
    headers,
    ...how
  }: Pick<S3Request, 'signal' | 'patienceMs'> & Required<Pick<S3Request, 'headers'>>,
): Promise<Upload> {
  const mark = randomUUID()
  const { text } = await client.ask({
    ...{ method: 'POST', key, query: { uploads: '' }, ...how },
    headers: { ...headers, [markHeader]: mark },
  })
  const id = readElement(text, 'UploadId')
  if (id === null) throw new Error('The store began an upload and gave it no id.')
  return { key, id, mark }
}

/** Sends one part, again when the store's digest of it is another one. */
export async function uploadPart(
  client: S3Client,
  { key, id }: Upload,
  { number, part, signal }: { number: number; part: Part; signal: AbortSignal },
): Promise<UploadedPart> {
  if (number > MOST_PARTS) {
    throw new Error(
      `The object needs more than ${MOST_PARTS} parts. Raise CLAIMCHECK_S3_PART_BYTES for files of this size.`,
    )
  }
  const { headers } = await client.ask({
    ...{ method: 'PUT', key, query: { partNumber: `${number}`, uploadId: id }, signal },
    headers: { 'content-md5': part.md5.toString('base64') },
    payload: part,
    check: (answer) => assertSameDigest(answer.headers, part.md5.toString('hex')),
  })
  return { number, etag: headers.etag ?? '', md5: part.md5 }
}

interface Completion {
  readonly parts: readonly UploadedPart[]
  readonly size: number
  readonly signal: AbortSignal | undefined
}

/**
 * Makes the parts one object, and makes sure that it is: an answer may be lost after the work was
 * done, and asked again, stores say that there is no such upload (or 500).
 */
export async function completeUpload(
  client: S3Client,
  upload: Upload,
  { parts, size, signal }: Completion,
): Promise<void> {
  const inOrder = parts.toSorted((a, b) => a.number - b.number)
  const { key, id } = upload
  let failure: unknown = null
  try {
    const query = { uploadId: id }
    const payload = payloadOf(listOf(inOrder))
    const headers = { 'content-type': 'application/xml' }
    await client.ask({
      method: 'POST',
      key,
      query,
      headers,
      payload,
      signal,
      check: refuseLateError,
    })
  } catch (error) {
    if (!(error instanceof StoreRefusal)) throw error
    failure = error
  }
  const made = await client.ask({ method: 'HEAD', key, signal }).catch((error) => {
    throw failure ?? error
  })
  if (made.headers[markHeader] !== upload.mark) throw failure ?? replaced(key)
  assertWhole(made, { size, md5: digestOf(inOrder) })
}

function listOf(parts: readonly UploadedPart[]): string {
  const list = parts.map(
    ({ number, etag }) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>${encodeXml(etag)}</ETag></Part>`,
  )
  return `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${list.join('')}</CompleteMultipartUpload>`
}

/** S3 begins its answer before the work is done: "200 OK" may be followed by an error. */
function refuseLateError({ headers, text }: S3Answer): void {
  if (!/<Error[\s>]/.test(text)) return
  throw refusalOf('the completion of an upload', { status: 500, headers, text })
}

function replaced(key: string): Error {
  return new Error(`The object ${key} was replaced by another writer.`)
}

function assertWhole({ headers }: S3Answer, expected: { size: number; md5: string }): void {
  const size = Number(headers['content-length'])
  if (size !== expected.size) {
    throw new Error(`The store has ${size} bytes of an object of ${expected.size}.`)
  }
  if (digestIn(headers)?.includes('-')) assertSameDigest(headers, expected.md5)
}

/** The tag of an object in parts, as S3 makes it: the MD5 of the parts' MD5s, and how many they are. */
function digestOf(parts: readonly UploadedPart[]): string {
  const hash = createHash('md5')
  for (const { md5 } of parts) hash.update(md5)
  return `${hash.digest('hex')}-${parts.length}`
}

/** Takes back what was sent. Never rejects: what is left of it, the sweeper finds. */
export async function abortUpload(
  client: S3Client,
  { key, id }: Pick<Upload, 'key' | 'id'>,
): Promise<boolean> {
  const query = { uploadId: id }
  const request = { method: 'DELETE', key, query, patienceMs: TIDY_PATIENCE_MS } as const
  return await client.ask(request).then(
    () => true,
    () => false,
  )
}
