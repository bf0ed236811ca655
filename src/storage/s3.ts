import type { ByteSpan } from '../core/content.ts'
import type { S3Address } from '../s3-address.ts'
import { type BufferPool, createBufferPool } from './buffer-pool.ts'
import { assertKeyPrefix, assertObjectKey } from './object-key.ts'
import type { ObjectStat, ObjectStore, PresignWish, Reach } from './object-store.ts'
import { createS3Client, type S3Client, type S3ClientOptions, type S3Request } from './s3/client.ts'
import { abortAbandoned, listObjects } from './s3/list.ts'
import { abortUpload, beginUpload } from './s3/multipart.ts'
import { putObject } from './s3/put.ts'
import { readObject } from './s3/read.ts'
import { brokenOff, explain, StoreRefusal } from './s3/refusal.ts'
import { type RestoreTier, restoreObject } from './s3/restore.ts'

export interface S3StoreOptions extends S3ClientOptions {
  /** How the store encrypts new objects; `none` leaves it to the bucket. */
  readonly encryption: 'none' | 'AES256' | 'aws:kms'
  /** The key for `aws:kms`; null for the account's own. */
  readonly kmsKey: string | null
  /** What comes in is held in pieces of this size, from 5 MiB on; an object has at most 10,000 of them. */
  readonly partBytes: number
  readonly restoreTier: RestoreTier
}

/** Who waits for these waits at the console, or is a supervisor with a time-out of its own. */
const CHECK_PATIENCE_MS = 2000
const CHECK_TIMEOUT_MS = 3000

/** Supervisors ask every few seconds, and writing is what stores charge most for: once a minute is often enough. */
const WRITE_CHECK_MS = 60_000

/**
 * Opens a bucket of an S3-compatible store as an object store.
 * @throws DeliveryError `unavailable` with a sentence: no such bucket, wrong credentials, not reached
 */
export async function openS3Store(
  address: S3Address,
  options: S3StoreOptions,
): Promise<ObjectStore> {
  const client = createS3Client(address, options)
  try {
    const query = { 'list-type': '2', 'max-keys': '1', prefix: address.prefix }
    await soon((how) => client.ask({ method: 'GET', query, ...how }))
  } catch (error) {
    client.close()
    throw explain(error, address)
  }
  return new S3Store(client, options)
}

class S3Store implements ObjectStore {
  readonly #client: S3Client
  readonly #options: S3StoreOptions
  readonly #slabs: BufferPool = createBufferPool(256 * 1024, 128)
  readonly #newObject: Readonly<Record<string, string>>
  #checkWriteAt = 0

  constructor(client: S3Client, options: S3StoreOptions) {
    this.#client = client
    this.#options = options
    this.#newObject = encryptionHeaders(options)
  }

  async put(
    key: string,
    body: AsyncIterable<Uint8Array>,
    signal?: AbortSignal,
  ): Promise<{ size: number }> {
    assertObjectKey(key)
    const { partBytes } = this.#options
    const options = { partBytes, slabs: this.#slabs, headers: this.#newObject }
    return await this.#explained(putObject(this.#client, { key, body, signal }, options))
  }

  read(key: string, span: ByteSpan, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    return readObject(this.#client, { key, span, signal })
  }

  async stat(key: string): Promise<ObjectStat | null> {
    assertObjectKey(key)
    try {
      const { headers } = await this.#client.ask({ method: 'HEAD', key })
      const modifiedAt = Date.parse(headers['last-modified'] ?? '')
      return { key, size: Number(headers['content-length']), modifiedAt }
    } catch (error) {
      if (isAbsent(error)) return null
      throw explain(error, this.#client.address)
    }
  }

  async remove(key: string): Promise<void> {
    assertObjectKey(key)
    try {
      await this.#client.ask({ method: 'DELETE', key })
    } catch (error) {
      // Most stores say 204 to this, some do not.
      if (!isAbsent(error)) throw explain(error, this.#client.address)
    }
  }

  async *list(prefix: string): AsyncGenerator<ObjectStat> {
    assertKeyPrefix(prefix)
    try {
      yield* listObjects(this.#client, prefix)
    } catch (error) {
      throw explain(error, this.#client.address)
    }
  }

  async removeAbandoned(before: number): Promise<number> {
    return await this.#explained(abortAbandoned(this.#client, before))
  }

  presign(key: string, { method, seconds, mediaType, disposition }: PresignWish): string {
    assertObjectKey(key)
    const query: Record<string, string> = {}
    if (mediaType !== undefined) query['response-content-type'] = mediaType
    if (disposition !== undefined) query['response-content-disposition'] = disposition
    return this.#client.presign(key, { method, query, seconds })
  }

  async restore(key: string, seconds: number): Promise<Reach | null> {
    assertObjectKey(key)
    const { restoreTier: tier } = this.#options
    try {
      return await restoreObject(this.#client, { key, seconds, tier })
    } catch (error) {
      if (isAbsent(error)) return null
      throw explain(error, this.#client.address)
    }
  }

  /** An upload that is begun and taken back needs the right to write, and leaves no object to be seen. */
  async check(): Promise<void> {
    if (performance.now() < this.#checkWriteAt && (await this.#answers())) return
    const headers = this.#newObject
    const begun = soon((how) => beginUpload(this.#client, 'check', { headers, ...how }))
    await abortUpload(this.#client, await this.#explained(begun))
    this.#checkWriteAt = performance.now() + WRITE_CHECK_MS
  }

  async #answers(): Promise<boolean> {
    const asked = soon((how) => this.#client.ask({ method: 'HEAD', ...how }))
    return await asked.then(
      () => true,
      // A HEAD has no body that says why: the attempt to write will.
      () => false,
    )
  }

  async close(): Promise<void> {
    this.#client.close()
  }

  async #explained<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      throw explain(error, this.#client.address)
    }
  }
}

/** Work that ends within seconds, also when the store takes it in and says nothing. */
async function soon<T>(work: (how: Pick<S3Request, 'signal' | 'patienceMs'>) => Promise<T>) {
  const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS)
  try {
    return await work({ signal, patienceMs: CHECK_PATIENCE_MS })
  } catch (error) {
    throw signal.aborted ? brokenOff('The store does not answer', 'no answer', error) : error
  }
}

function encryptionHeaders({
  encryption,
  kmsKey,
}: S3StoreOptions): Readonly<Record<string, string>> {
  if (encryption === 'none') return {}
  const key = 'x-amz-server-side-encryption-aws-kms-key-id'
  return {
    'x-amz-server-side-encryption': encryption,
    ...(encryption === 'aws:kms' && kmsKey !== null ? { [key]: kmsKey } : {}),
  }
}

/** A HEAD has no body that could say whether it is the bucket that is not there; opening has asked for that. */
function isAbsent(error: unknown): boolean {
  return error instanceof StoreRefusal && error.status === 404 && error.code !== 'NoSuchBucket'
}
