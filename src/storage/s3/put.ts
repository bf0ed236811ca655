import type { BufferPool } from '../buffer-pool.ts'
import { untilAborted } from '../until-aborted.ts'
import type { S3Answer, S3Client } from './client.ts'
import { assertSameDigest } from './entity-tag.ts'
import {
  abortUpload,
  beginUpload,
  completeUpload,
  type UploadedPart,
  uploadPart,
} from './multipart.ts'
import { cutIntoParts, type Part } from './parts.ts'
import { StoreRefusal } from './refusal.ts'

export interface PutOptions {
  /** From 5 MiB on; an object has at most 10,000 of them. */
  readonly partBytes: number
  readonly slabs: BufferPool
  /** Of each new object: how the store encrypts it, for one. */
  readonly headers: Readonly<Record<string, string>>
}

export interface Putting {
  readonly key: string
  readonly body: AsyncIterable<Uint8Array>
  readonly signal: AbortSignal | undefined
}

/** So many parts are under way while the next one is filled. */
const AT_ONCE = 2

/**
 * Stores a body of unknown length: with one request when it fits into one part, else part by part, of
 * which three at most are in memory. The store shows the object when it has all of it. Each request
 * is signed with the SHA-256 of what it carries, and the digest that the store answers is compared.
 */
export async function putObject(
  client: S3Client,
  { key, body, signal }: Putting,
  options: PutOptions,
): Promise<{ size: number }> {
  signal?.throwIfAborted()
  const parts = cutIntoParts(untilAborted(body, signal), options)
  const { value: first } = await parts.next()
  if (first === undefined) throw new Error('A body has a last part.')
  if (!first.isLast) return await putInParts(client, { key, first, parts, signal }, options)
  try {
    await putWhole(client, { key, part: first, signal }, options)
    return { size: first.size }
  } finally {
    first.release()
  }
}

async function putWhole(
  client: S3Client,
  { key, part, signal }: { key: string; part: Part; signal: AbortSignal | undefined },
  options: PutOptions,
): Promise<void> {
  const headers = { ...options.headers, 'content-md5': part.md5.toString('base64') }
  const check = (answer: S3Answer) => assertSameDigest(answer.headers, part.md5.toString('hex'))
  try {
    await client.ask({ method: 'PUT', key, headers, payload: part, signal, check })
  } catch (error) {
    if (error instanceof StoreRefusal && error.code === 'WrongDigest') {
      await client.ask({ method: 'DELETE', key, patienceMs: 0 }).catch(() => {})
    }
    throw error
  }
}

interface InParts {
  readonly key: string
  readonly first: Part
  readonly parts: AsyncIterable<Part>
  readonly signal: AbortSignal | undefined
}

async function putInParts(
  client: S3Client,
  { key, first, parts, signal }: InParts,
  { headers }: PutOptions,
): Promise<{ size: number }> {
  const stop = new AbortController()
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  const underWay = new Set<Promise<void>>()
  const done: UploadedPart[] = []
  const upload = await beginUpload(client, key, { headers, signal }).catch((error) => {
    first.release()
    throw error
  })
  let count = 0
  let size = 0

  function send(part: Part): void {
    count += 1
    size += part.size
    const sending = uploadPart(client, upload, { number: count, part, signal: either })
      .then((uploaded) => void done.push(uploaded))
      .finally(() => {
        part.release()
        underWay.delete(sending)
      })
    // It may fail while nobody waits for it; who waits next is told.
    sending.catch(() => {})
    underWay.add(sending)
  }

  try {
    send(first)
    for await (const part of parts) {
      send(part)
      if (underWay.size > AT_ONCE) await Promise.race(underWay)
    }
    await Promise.all(underWay)
    await completeUpload(client, upload, { parts: done, size, signal })
    return { size }
  } catch (error) {
    stop.abort()
    await Promise.allSettled(underWay)
    await abortUpload(client, upload)
    throw error
  }
}
