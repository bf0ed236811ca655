import { createHash } from 'node:crypto'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import type { Principal } from '../principal.ts'
import { discardBytes, type StoredBytes, storeBytes, storeEncrypted } from '../stored-files.ts'
import { completeUpload } from './complete-upload.ts'
import { type Holding, holdUpload } from './hold-upload.ts'
import { portions } from './portions.ts'
import type { UploadResult } from './upload-target.ts'
import { addPart, readUpload, resultOf, targetOf } from './uploads.ts'

/** What is lost at most when a node dies while bytes come in. */
const PORTION = 32 * 1024 * 1024

/** The algorithms by which the bytes of one request can be checked. */
export const checksumAlgorithms = ['sha1', 'sha256', 'md5'] as const

export interface Checksum {
  algorithm: (typeof checksumAlgorithms)[number]
  /** Lower-case hex. */
  digest: string
}

export interface ArrivingPart {
  id: string
  /** Where the sender believes that the upload stands. */
  offset: number
  source: AsyncIterable<Uint8Array>
  /** Of all bytes of the source: when it does not hold, none of them count. */
  checksum: Checksum | null
  /** Ends the completion; another request may take it up. */
  signal: AbortSignal
}

/** How an upload stands. */
export interface UploadStanding {
  /** How many bytes are safe. */
  received: number
  expiresAt: number
  /** Null before it is whole. */
  result: UploadResult | null
}

/**
 * Takes in the next bytes of an upload, and completes it with the last of them. When the connection
 * breaks, what came before counts.
 * @throws DeliveryError `conflict` when the upload stands elsewhere, or another request took over;
 *   `too_large` for more than was announced; `invalid` with `details.checksum` when the checksum does
 *   not hold; `invalid` when the whole is not what was announced, and the upload is gone then;
 *   as `readUpload` and `deliverUpload`
 */
export async function receivePart(
  core: Core,
  principal: Principal,
  part: ArrivingPart,
): Promise<UploadStanding> {
  await readUpload(core, principal, part.id)
  await holdUpload(core, part.id, async (holding) => {
    const { received, completed_at } = holding.upload
    if (received !== part.offset) {
      throw new DeliveryError(
        'conflict',
        `The upload stands at byte ${received}, not at ${part.offset}.`,
        { details: { offset: received } },
      )
    }
    // Of one that is complete it takes nothing, and says so to who sends more.
    const taken = await takePortions(core, part, holding)
    if (completed_at !== null) return
    if (taken === holding.upload.size) {
      await completeUpload(core, principal, { holding, signal: part.signal })
    } else if (holding.asked.aborted) {
      throw new DeliveryError('conflict', 'Another request took this upload over.')
    }
  })
  return await standingOf(core, principal, part.id)
}

/**
 * How an upload stands.
 * @throws DeliveryError as `readUpload`
 */
async function standingOf(core: Core, principal: Principal, id: string): Promise<UploadStanding> {
  const row = await readUpload(core, principal, id)
  return { received: row.received, expiresAt: row.expires_at, result: resultOf(row) }
}

/** Returns how many bytes are safe then. */
async function takePortions(core: Core, part: ArrivingPart, holding: Holding): Promise<number> {
  const { upload, held, asked } = holding
  const left = (upload.size ?? Number.MAX_SAFE_INTEGER) - upload.received
  // What has a checksum counts as a whole or not at all.
  const size = part.checksum === null ? PORTION : Number.MAX_SAFE_INTEGER
  const limited = atMost(part.source, left)
  let offset = upload.received
  for await (const portion of portions(limited.source, { size, signal: asked })) {
    const bytes = await storePart(core, part, { portion, holding })
    try {
      await addPart(core, held, {
        start_offset: offset,
        object_key: bytes.objectKey,
        size: bytes.size,
        encryption: bytes.encryption,
      })
    } catch (error) {
      await discardBytes(core, [bytes.objectKey], error)
      throw error
    }
    offset += bytes.size
  }
  if (limited.isOver()) {
    throw new DeliveryError('too_large', `The upload was announced with ${upload.size} bytes.`)
  }
  return offset
}

/** Ends before the chunk that goes beyond the limit. */
function atMost(source: AsyncIterable<Uint8Array>, limit: number) {
  let isOver = false
  async function* limited(): AsyncGenerator<Uint8Array> {
    let size = 0
    for await (const chunk of source) {
      size += chunk.byteLength
      isOver = size > limit
      if (isOver) return
      yield chunk
    }
  }
  return { source: limited(), isOver: () => isOver }
}

async function storePart(
  core: Core,
  { id, checksum }: ArrivingPart,
  { portion, holding }: { portion: AsyncIterable<Uint8Array>; holding: Holding },
): Promise<StoredBytes> {
  const sha1 = checksum?.algorithm === 'sha1' ? createHash('sha1') : null
  async function* hashed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of portion) {
      sha1?.update(chunk)
      yield chunk
    }
  }
  // A roster may hold passwords: no byte of it is stored in the clear.
  const store = targetOf(holding.upload).kind === 'import' ? storeEncrypted : storeBytes
  const bytes = await store(core, `uploads/${id}`, hashed())
  if (checksum === null) return bytes
  const { sha256, md5 } = bytes
  const actual = { sha1: sha1?.digest('hex'), sha256, md5 }[checksum.algorithm]
  if (actual === checksum.digest) return bytes
  await core.store.remove(bytes.objectKey)
  throw new DeliveryError(
    'invalid',
    'The checksum of the bytes that came is not the one that was sent; none of them count.',
    { details: { checksum: true } },
  )
}
