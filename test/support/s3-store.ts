import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { readSettings } from '../../src/config.ts'
import type { S3Address } from '../../src/s3-address.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { openS3Store, type S3StoreOptions } from '../../src/storage/s3.ts'

/**
 * A store in a place of its own of the bucket that an environment names; closed with the test. Parts
 * are as small as S3 allows, and patience is short.
 */
export async function openTestS3(
  t: Pick<TestContext, 'after'>,
  environment: Record<string, string>,
  options: Partial<S3StoreOptions> = {},
): Promise<ObjectStore> {
  const { address, credentials } = readS3(inOwnPlace(environment))
  const store = await openS3Store(address, {
    credentials,
    encryption: 'none',
    kmsKey: null,
    partBytes: 5 * 1024 * 1024,
    connections: 64,
    restoreTier: 'Standard',
    patienceMs: 10_000,
    idleMs: 10_000,
    ...options,
  })
  t.after(() => store.close())
  return store
}

/** The same bucket under a prefix that nobody else has. */
export function inOwnPlace(environment: Record<string, string>): Record<string, string> {
  const [place = '', query] = environment.CLAIMCHECK_STORAGE_URL?.split('?') ?? []
  return { ...environment, CLAIMCHECK_STORAGE_URL: `${place}/${randomUUID()}?${query}` }
}

/** Where the bucket is and who asks it, as the settings say. */
export function readS3(environment: Record<string, string>): {
  address: S3Address
  credentials: S3StoreOptions['credentials']
} {
  const { storage, s3AccessKeyId, s3SecretAccessKey } = readSettings(environment)
  if (storage.engine !== 's3') throw new Error('These settings name no bucket.')
  const credentials = {
    accessKeyId: s3AccessKeyId ?? '',
    secretAccessKey: s3SecretAccessKey?.text ?? '',
    sessionToken: null,
  }
  return { address: storage.address, credentials }
}
