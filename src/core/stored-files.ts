import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Connection } from '../database/database.ts'
import { hotInsert } from '../database/hot-query.ts'
import type { StoredFileRow } from '../database/tables.ts'
import type { ByteSpan, Content } from './content.ts'
import type { Core } from './core.ts'
import {
  createFileEncryptor,
  decryptSpan,
  type FileEncryptor,
  parseEncryption,
} from './encryption/file-cipher.ts'
import { rewrapEncryption } from './encryption/rewrap.ts'
import { DeliveryError } from './errors.ts'
import { newId } from './ids.ts'
import type { Change } from './transact.ts'

/** Bytes that are safe in the store, and what is known of them, before any row speaks of them. */
export interface StoredBytes {
  objectKey: string
  /** Size and digests are those of the plain bytes. */
  size: number
  md5: string
  sha256: string
  crc32: number
  /** JSON: how they are encrypted; null when they are not. */
  encryption: string | null
}

/**
 * Takes bytes in: one pass stores them and takes md5, sha-256 and crc-32. When it resolves they
 * are durable; the row comes after, in the transaction of what will show them. Bytes that never
 * get a row are an orphan, which the sweeper removes.
 * @param prefix where the object goes: `job/<number>-<attempt>` lets the sweeper ask whether its writer still lives
 * They are encrypted where the setting says so for all files.
 * @throws DeliveryError `storage_full`
 */
export async function storeBytes(
  core: Core,
  prefix: string,
  source: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<StoredBytes> {
  const encrypt = core.settings.encrypt === 'all'
  return await store(core, { prefix, source, signal, encrypt })
}

/**
 * As `storeBytes`, always encrypted: no plain byte reaches the store, not even its temporary file.
 * @throws DeliveryError `storage_full`, `unavailable` without a master key
 */
export async function storeEncrypted(
  core: Core,
  prefix: string,
  source: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<StoredBytes> {
  return await store(core, { prefix, source, signal, encrypt: true })
}

interface Storing {
  prefix: string
  source: AsyncIterable<Uint8Array>
  signal: AbortSignal | undefined
  encrypt: boolean
}

async function store(core: Core, storing: Storing): Promise<StoredBytes> {
  const { prefix, source, signal, encrypt } = storing
  const id = newId(core.database.now())
  const objectKey = `${prefix}/${id}`
  const encryptor: FileEncryptor | null = encrypt ? createFileEncryptor(core.masterKeys, id) : null
  const md5 = createHash('md5')
  const sha256 = createHash('sha256')
  let crc = 0
  let size = 0
  async function* measured(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      md5.update(chunk)
      sha256.update(chunk)
      crc = crc32(chunk, crc)
      size += chunk.byteLength
      yield chunk
    }
  }
  const body = encryptor === null ? measured() : encryptor.encrypt(measured())
  await core.store.put(objectKey, body, signal)
  return {
    objectKey,
    size,
    md5: md5.digest('hex'),
    sha256: sha256.digest('hex'),
    crc32: crc,
    encryption: encryptor === null ? null : JSON.stringify(encryptor.encryption),
  }
}

/** Gives stored bytes their row. */
export async function insertStoredFile(
  change: Change,
  bytes: StoredBytes,
  mediaType: string,
): Promise<StoredFileRow> {
  return await insertRow(change.db, {
    id: newId(change.now),
    object_key: bytes.objectKey,
    size: bytes.size,
    media_type: mediaType,
    md5: bytes.md5,
    sha256: bytes.sha256,
    crc32: bytes.crc32,
    encryption: bytes.encryption,
    master_key_id: bytes.encryption === null ? null : parseEncryption(bytes.encryption).keyId,
    created_at: change.now,
    released_at: null,
  })
}

const insertRow = hotInsert('stored_files')

/**
 * Removes bytes that nothing shows, because `error` ended the change that was to show them. Only where it is a
 * refusal of ours: were the word of a commit lost on its way, rows may speak of the bytes all the
 * same. What stays and has no row the sweeper takes. Never rejects: the error is what is told.
 */
export async function discardBytes(
  { store }: Pick<Core, 'store'>,
  objectKeys: readonly string[],
  error: unknown,
): Promise<void> {
  if (!(error instanceof DeliveryError) || error.code === 'unavailable') return
  for (const key of objectKeys) await store.remove(key).catch(() => {})
}

/** What a stored file needs of its row to be delivered. */
export type StoredFileFacts = Omit<StoredFileRow, 'id' | 'master_key_id' | 'released_at'>

/** A stored file as something to deliver. */
export function contentOf(core: Core, file: StoredFileFacts): Content {
  return {
    size: file.size,
    mediaType: file.media_type,
    etag: `"${file.sha256.slice(0, 32)}"`,
    lastModified: new Date(file.created_at),
    digests: { md5: file.md5, sha256: file.sha256, crc32: file.crc32 },
    read: (span, signal) => readStored(core, file, { span, signal }),
  }
}

/** What it takes to read stored bytes. */
export type BytesKeeper = Pick<Core, 'store' | 'masterKeys'>

/** The plain bytes of a stored file, as `Content.read` gives them. */
export function readStored(
  core: BytesKeeper,
  { object_key, size, encryption }: Pick<StoredFileFacts, 'object_key' | 'size' | 'encryption'>,
  { span, signal }: { span: ByteSpan; signal: AbortSignal | undefined },
): AsyncIterable<Uint8Array> {
  if (encryption === null) return core.store.read(object_key, span, signal)
  const file = {
    encryption: parseEncryption(encryption),
    size,
    read: (part: ByteSpan, stop?: AbortSignal) => core.store.read(object_key, part, stop),
  }
  return decryptSpan(core.masterKeys, file, { span, signal })
}

/**
 * Wraps the data keys of files anew that are under a master key other than the first, at most
 * `limit` of them; the files themselves stay as they are. Returns how many were wrapped: fewer
 * than `limit` means that no stored file needs the other master keys any more.
 */
export async function rewrapKeys(core: Core, change: Change, limit: number): Promise<number> {
  const { firstId, retiredIds } = core.masterKeys
  if (firstId === null || retiredIds.length === 0) return 0
  const rows = await change.db
    .selectFrom('stored_files')
    .select(['id', 'encryption'])
    .where('master_key_id', 'in', retiredIds)
    .limit(limit)
    .execute()
  for (const { id, encryption } of rows) {
    const wrapped = rewrapEncryption(core.masterKeys, encryption ?? '')
    await change.db
      .updateTable('stored_files')
      .set({ encryption: JSON.stringify(wrapped), master_key_id: wrapped.keyId })
      .where('id', '=', id)
      .execute()
  }
  return rows.length
}

/** Of the given object keys, those that have a row. */
export async function keysWithRow(db: Connection, keys: readonly string[]): Promise<Set<string>> {
  if (keys.length === 0) return new Set()
  const rows = await db
    .selectFrom('stored_files')
    .select('object_key')
    .where('object_key', 'in', keys)
    .execute()
  return new Set(rows.map((row) => row.object_key))
}

/** Says that something stopped referring to these files; the sweeper looks whether anything else still does. */
export async function releaseStoredFiles(change: Change, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await change.db
    .updateTable('stored_files')
    .set({ released_at: change.now })
    .where('id', 'in', ids)
    .execute()
  change.signal('grant')
}

/**
 * Deletes the rows of released files that nothing refers to any more and returns their object keys,
 * of at most `limit` looked at. The rows go first, so that no row ever speaks of bytes that are gone.
 */
export async function deleteUnreferenced(
  change: Change,
  limit: number,
): Promise<{ looked: number; objectKeys: string[] }> {
  const released = await change.db
    .selectFrom('stored_files')
    .select(['id', 'object_key'])
    .select(({ exists, selectFrom, or }) =>
      or([
        exists(
          selectFrom('delivery_files')
            .select('delivery_files.number')
            .whereRef('delivery_files.stored_file_id', '=', 'stored_files.id'),
        ),
        exists(
          selectFrom('product_files')
            .select('product_files.number')
            .whereRef('product_files.stored_file_id', '=', 'stored_files.id'),
        ),
      ]).as('referenced'),
    )
    .where('released_at', 'is not', null)
    .orderBy('released_at')
    .limit(limit)
    .execute()
  const kept = released.filter((row) => row.referenced).map((row) => row.id)
  const gone = released.filter((row) => !row.referenced)
  if (kept.length > 0) {
    await change.db
      .updateTable('stored_files')
      .set({ released_at: null })
      .where('id', 'in', kept)
      .execute()
  }
  if (gone.length > 0) {
    const ids = gone.map((row) => row.id)
    await change.db.deleteFrom('stored_files').where('id', 'in', ids).execute()
  }
  return { looked: released.length, objectKeys: gone.map((row) => row.object_key) }
}
