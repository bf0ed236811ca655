import { createHash } from 'node:crypto'
import type { Content } from '../content.ts'
import type { Core } from '../core.ts'
import type { Archive } from './archive.ts'
import { keepSha256 } from './archive-rows.ts'
import { createOnceAtATime } from './once-at-a-time.ts'

/** An archive up to both is read once more before its header goes out: 30 to 50 ms from a disk. */
const SHORT_BYTES = 16 * 1024 * 1024
const FEW_ENTRIES = 1000

/**
 * An archive's content for somebody who asks for its SHA-256, which nobody knows before all of its
 * bytes were read. A short archive is read for it at once; of a longer one it is taken when they send
 * the whole in one pass, and known from its last chunk on. Once known it is kept, and costs nothing
 * any more. Reading for it is no pick-up: nothing goes out.
 * @throws as the content's `read`, where bytes cannot be had whole
 */
export async function contentWithDigest(core: Core, archive: Archive): Promise<Content> {
  const { content, row } = archive
  if (row.sha256 !== null) return content
  if (row.size <= SHORT_BYTES && row.entries <= FEW_ENTRIES) {
    const sha256 = await learnOnce(core, archive.id, () => learnNow(core, archive))
    return { ...content, digests: { sha256 } }
  }
  return {
    ...content,
    read(span, signal) {
      const isWhole = span.start === 0 && span.end === content.size
      return isWhole ? readAndLearn(core, archive, signal) : content.read(span, signal)
    },
  }
}

const learnOnce = createOnceAtATime<string>()

async function learnNow(core: Core, archive: Archive): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of archive.readChecked()) hash.update(chunk)
  const sha256 = hash.digest('hex')
  await keep(core, archive, sha256)
  return sha256
}

async function* readAndLearn(
  core: Core,
  archive: Archive,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let left = archive.content.size
  for await (const chunk of archive.readChecked(signal)) {
    hash.update(chunk)
    left -= chunk.byteLength
    // Whoever has the last byte may ask for the digest at once, and on another node.
    if (left === 0) await keep(core, archive, hash.digest('hex'))
    yield chunk
  }
}

async function keep(core: Core, { id }: Archive, sha256: string): Promise<void> {
  // The bytes are right though it is not written down, as when the disk is full: the next pass will.
  await keepSha256(core, id, sha256).catch(() => {})
}
