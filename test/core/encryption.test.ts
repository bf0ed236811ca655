import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  chunkBytes,
  createFileEncryptor,
  decryptSpan,
  type FileEncryption,
} from '../../src/core/encryption/file-cipher.ts'
import { createMasterKeys } from '../../src/core/encryption/master-keys.ts'
import { refusal } from '../support/refusal.ts'
import { sized } from '../support/size.ts'

const keys = createMasterKeys([{ id: 'k1', secret: randomBytes(32) }])
const sealed = chunkBytes + 16

describe('file encryption', () => {
  for (const size of [0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, 3 * chunkBytes + 7]) {
    it(`gives back ${size} bytes, whole`, async () => {
      const plain = randomBytes(size)
      const file = await encrypt('a', [plain])
      const chunks = Math.max(1, Math.ceil(size / chunkBytes))
      assert.equal(file.stored.length, size + chunks * 16)
      assert.deepEqual(await read(file, 0, size), plain)
    })
  }

  it('reads any span, however the bytes came and however the store cuts them', async () => {
    const plain = randomBytes(4 * chunkBytes + 100)
    await fc.assert(
      fc.asyncProperty(
        fc.nat(plain.length),
        fc.nat(plain.length),
        fc.integer({ min: 1, max: 3 * chunkBytes }),
        async (a, b, piece) => {
          const [start, end] = [Math.min(a, b), Math.max(a, b)]
          const file = await encrypt('a', pieces(plain, piece))
          assert.deepEqual(await read({ ...file, piece }, start, end), plain.subarray(start, end))
        },
      ),
      { numRuns: sized(30, 500) },
    )
  })

  it('stores nothing of the plain bytes, and no two files alike', async () => {
    const plain = Buffer.alloc(2 * chunkBytes, 'the same text again ')
    const [one, two] = [await encrypt('a', [plain]), await encrypt('a', [plain])]
    assert.equal(one.stored.includes('same text'), false)
    assert.notDeepEqual(one.stored, two.stored)
    assert.equal(JSON.stringify(one.encryption).includes('secret'), false)
  })

  const size = 2 * chunkBytes + 10
  const changes: [string, (stored: Buffer, other: Buffer) => Buffer][] = [
    ['a flipped bit at its start', (stored) => flip(stored, 0)],
    ['a flipped bit in its last tag', (stored) => flip(stored, stored.length - 1)],
    ['a flipped bit in the middle', (stored) => flip(stored, sealed + 5)],
    [
      'two chunks in the other order',
      (stored) =>
        Buffer.concat([
          stored.subarray(sealed, 2 * sealed),
          stored.subarray(0, sealed),
          stored.subarray(2 * sealed),
        ]),
    ],
    [
      'a chunk of another file under the same master key',
      (stored, other) => Buffer.concat([other.subarray(0, sealed), stored.subarray(sealed)]),
    ],
    [
      'its last chunk twice',
      (stored) => Buffer.concat([stored.subarray(0, 2 * sealed), stored.subarray(0, 26)]),
    ],
  ]
  for (const [what, change] of changes) {
    it(`does not read ${what}`, async () => {
      const file = await encrypt('a', [randomBytes(size)])
      const other = await encrypt('b', [randomBytes(size)])
      const stored = change(Buffer.from(file.stored), other.stored)
      await refusal('internal', read({ ...file, stored }, 0, size))
    })
  }

  it('does not read each flipped byte, wherever it is', async () => {
    const plain = randomBytes(200)
    const file = await encrypt('a', [plain])
    for (let at = 0; at < file.stored.length; at += 1) {
      const stored = flip(Buffer.from(file.stored), at)
      await refusal('internal', read({ ...file, stored }, 0, 200))
    }
  })

  it('does not pass a file cut at a chunk for a shorter one', async () => {
    const file = await encrypt('a', [randomBytes(2 * chunkBytes)])
    const stored = file.stored.subarray(0, sealed)
    await refusal('internal', read({ ...file, stored, size: chunkBytes }, 0, chunkBytes))
    await refusal('internal', read({ ...file, size: chunkBytes }, 0, 10))
  })

  it('opens a data key only for the file that it was made for', async () => {
    const plain = randomBytes(10)
    const file = await encrypt('a', [plain])
    const encryption: FileEncryption = { ...file.encryption, file: 'b' }
    await refusal('internal', read({ ...file, encryption }, 0, 10))
    const wrapped = `A${file.encryption.wrapped.slice(1)}`
    const changed = wrapped === file.encryption.wrapped ? `B${wrapped.slice(1)}` : wrapped
    await refusal(
      'internal',
      read({ ...file, encryption: { ...file.encryption, wrapped: changed } }, 0, 10),
    )
  })

  it('says which master key is missing', async () => {
    const file = await encrypt('a', [randomBytes(10)])
    const others = createMasterKeys([{ id: 'k2', secret: randomBytes(32) }])
    const error = await refusal('unavailable', read({ ...file, keys: others }, 0, 10))
    assert.match(error.message, /"k1"/)
    await refusal('unavailable', () => createFileEncryptor(createMasterKeys([]), 'a'))
  })
})

interface Sample {
  encryption: FileEncryption
  stored: Buffer
  size: number
  /** How the store cuts what it reads. */
  piece?: number
  keys?: typeof keys
}

async function encrypt(file: string, plain: Iterable<Uint8Array>): Promise<Sample> {
  const { encryption, encrypt: run } = createFileEncryptor(keys, file)
  const parts: Buffer[] = []
  let size = 0
  async function* source() {
    for (const part of plain) {
      size += part.length
      yield part
    }
  }
  for await (const part of run(source())) parts.push(Buffer.from(part))
  return { encryption, stored: Buffer.concat(parts), size }
}

async function read(sample: Sample, start: number, end: number): Promise<Buffer> {
  const { encryption, size, stored, piece = 256 * 1024 } = sample
  const file = {
    encryption,
    size,
    async *read(span: { start: number; end: number }) {
      yield* pieces(stored.subarray(span.start, span.end), piece)
    },
  }
  const parts: Buffer[] = []
  for await (const part of decryptSpan(sample.keys ?? keys, file, { span: { start, end } })) {
    parts.push(Buffer.from(part))
  }
  return Buffer.concat(parts)
}

function* pieces(bytes: Uint8Array, length: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
}

function flip(bytes: Buffer, at: number): Buffer {
  bytes[at] = (bytes[at] ?? 0) ^ 1
  return bytes
}
