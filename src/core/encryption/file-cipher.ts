import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { ByteSpan } from '../content.ts'
import { DeliveryError } from '../errors.ts'
import type { MasterKeys, WrappedKey } from './master-keys.ts'

/**
 * How a stored file is encrypted, as its row keeps it: AES-256-GCM in chunks, each followed by its
 * tag, so that any span can be read by decrypting only the chunks it touches.
 */
export interface FileEncryption extends WrappedKey {
  readonly version: 1
  readonly cipher: 'aes-256-gcm'
  /** Plain bytes in each chunk but the last, which has 1 to as many (an empty file: 0). */
  readonly chunk: number
  /** Names the file in what each chunk authenticates; unique, never given again. */
  readonly file: string
}

/** Small enough that a span of few bytes costs little, large enough that tags cost 0.02 %. */
export const chunkBytes = 64 * 1024
const tagBytes = 16
const keyBytes = 32

/** Encrypts one file. Its data key is used for nothing else. */
export interface FileEncryptor {
  readonly encryption: FileEncryption
  /** The encrypted bytes of all plain ones; to be called once. A chunk is valid until the next is asked for. */
  encrypt(plain: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>
}

/** @throws DeliveryError `unavailable` when there is no master key */
export function createFileEncryptor(keys: MasterKeys, file: string): FileEncryptor {
  const key = randomBytes(keyBytes)
  const encryption: FileEncryption = {
    version: 1,
    cipher: 'aes-256-gcm',
    chunk: chunkBytes,
    file,
    ...keys.wrap(key, keyContext(file)),
  }
  return { encryption, encrypt: (plain) => encryptChunks(key, file, plain) }
}

/** What a data key is wrapped for: under another file's id it does not open. */
export function keyContext(file: string): string {
  return `claimcheck data key of ${file}`
}

async function* encryptChunks(
  key: Buffer,
  file: string,
  plain: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(chunkBytes)
  let filled = 0
  let index = 0
  for await (const bytes of plain) {
    for (let taken = 0; taken < bytes.length; ) {
      // A full chunk goes out only when more comes: the last one says that it is the last.
      if (filled === chunkBytes) {
        yield sealChunk(key, { file, index, last: false }, buffer)
        index += 1
        filled = 0
      }
      const part = bytes.subarray(taken, taken + chunkBytes - filled)
      buffer.set(part, filled)
      filled += part.length
      taken += part.length
    }
  }
  yield sealChunk(key, { file, index, last: true }, buffer.subarray(0, filled))
}

interface ChunkPlace {
  file: string
  index: number
  last: boolean
}

function sealChunk(key: Buffer, place: ChunkPlace, plain: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(place.index))
  cipher.setAAD(placeBytes(place))
  const encrypted = cipher.update(plain)
  cipher.final()
  return Buffer.concat([encrypted, cipher.getAuthTag()])
}

/** The chunk's number: a nonce never comes twice under a key that belongs to one file. */
function nonceOf(index: number): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeBigUInt64BE(BigInt(index), 4)
  return nonce
}

/** Bound into each chunk's tag, so that none can be moved, cut off or taken from another file. */
function placeBytes({ file, index, last }: ChunkPlace): Buffer {
  return Buffer.from(
    `claimcheck file 1\n${file}\n${chunkBytes}\n${index}\n${last ? 'last' : 'more'}`,
  )
}

/** How many bytes the store holds for so many plain ones. */
export function encryptedSize(size: number): number {
  return size + Math.max(1, Math.ceil(size / chunkBytes)) * tagBytes
}

/** Encrypted bytes as a store reads them. */
export type ReadEncrypted = (span: ByteSpan, signal?: AbortSignal) => AsyncIterable<Uint8Array>

export interface EncryptedFile {
  readonly encryption: FileEncryption
  /** Of the plain bytes. */
  readonly size: number
  readonly read: ReadEncrypted
}

/**
 * The plain bytes of a span. Each chunk is checked before any of it is given out.
 * @throws DeliveryError `internal` when the stored bytes were changed, cut, or moved; `unavailable`
 *   when the master key is not there
 */
export async function* decryptSpan(
  keys: MasterKeys,
  { encryption, size, read }: EncryptedFile,
  { span, signal }: { span: ByteSpan; signal?: AbortSignal | undefined },
): AsyncGenerator<Uint8Array> {
  const { file } = encryption
  const key = keys.unwrap(encryption, keyContext(file))
  const lastIndex = Math.max(0, Math.ceil(size / chunkBytes) - 1)
  let index = Math.floor(span.start / chunkBytes)
  // An empty file has one empty chunk; it is checked as well.
  const end = Math.min(lastIndex, Math.max(0, Math.ceil(span.end / chunkBytes) - 1))
  if (span.start >= span.end && size > 0) return
  const stored = {
    start: index * (chunkBytes + tagBytes),
    end:
      end === lastIndex ? size + (lastIndex + 1) * tagBytes : (end + 1) * (chunkBytes + tagBytes),
  }
  for await (const sealed of inPieces(read(stored, signal), chunkBytes + tagBytes)) {
    const plain = openChunk(key, { file, index, last: index === lastIndex }, sealed)
    const from = Math.max(0, span.start - index * chunkBytes)
    const to = Math.min(plain.length, span.end - index * chunkBytes)
    index += 1
    if (to > from) yield plain.subarray(from, to)
    free(plain)
  }
}

/**
 * Gives the memory of a chunk back that was given out and is of no use any more. Left to the collector, which
 * sees little of it, 500 readers that stall after some megabytes each cost 100 MB.
 */
function free(chunk: Buffer): void {
  const { buffer } = chunk
  if (buffer instanceof ArrayBuffer && buffer.byteLength === chunk.length) buffer.transfer(0)
}

/**
 * The same bytes in pieces of one length; the last may be shorter. A piece that came as one is given on
 * as it is: a buffer to put it together would be what 500 stalled readers hold 500 times.
 */
async function* inPieces(
  source: AsyncIterable<Uint8Array>,
  length: number,
): AsyncGenerator<Uint8Array> {
  let gathered: Buffer | null = null
  let filled = 0
  for await (const bytes of source) {
    for (let taken = 0; taken < bytes.length; ) {
      const part = bytes.subarray(taken, taken + length - filled)
      taken += part.length
      if (part.length === length) {
        yield part
        continue
      }
      gathered ??= Buffer.allocUnsafe(length)
      gathered.set(part, filled)
      filled += part.length
      if (filled < length) continue
      yield gathered
      filled = 0
    }
  }
  if (gathered !== null && filled > 0) yield gathered.subarray(0, filled)
}

function openChunk(key: Buffer, place: ChunkPlace, sealed: Uint8Array): Buffer {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(place.index), {
      authTagLength: tagBytes,
    })
    decipher.setAAD(placeBytes(place))
    decipher.setAuthTag(sealed.subarray(-tagBytes))
    const plain = decipher.update(sealed.subarray(0, -tagBytes))
    decipher.final()
    return plain
  } catch (cause) {
    throw new DeliveryError(
      'internal',
      `The stored bytes of an encrypted file were changed: chunk ${place.index} of ${place.file} is not the one that was written.`,
      { cause },
    )
  }
}

/**
 * Reads what `stored_files.encryption` holds.
 * @throws Error for one that this version did not write
 */
export function parseEncryption(text: string): FileEncryption {
  const value = JSON.parse(text) as FileEncryption
  if (value.version === 1 && value.cipher === 'aes-256-gcm' && value.chunk === chunkBytes)
    return value
  throw new Error('A file is encrypted in a way that this version does not know.')
}
