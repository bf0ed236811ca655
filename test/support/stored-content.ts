import { createHash } from 'node:crypto'
import type { TestContext } from 'node:test'
import { crc32 } from 'node:zlib'
import { openDiskStore } from '../../src/storage/disk.ts'
import type { ContentSample } from '../contracts/content-answers.ts'
import { inChunks } from './bytes.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Bytes stored in a folder of their own, as a content that was last modified an hour ago. */
export async function storedContent(
  t: TestContext,
  bytes: Buffer,
): Promise<ContentSample & { folder: string }> {
  const folder = await temporaryFolder(t)
  const store = await openDiskStore(folder)
  t.after(() => store.close())
  await store.put('some/object', inChunks(bytes, 100_000))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const content = {
    size: bytes.length,
    mediaType: 'text/csv; charset=utf-8',
    etag: `"${sha256.slice(0, 32)}"`,
    lastModified: new Date(Date.now() - 3_600_000),
    digests: {
      sha256,
      md5: createHash('md5').update(bytes).digest('hex'),
      crc32: crc32(bytes),
    },
    read: store.read.bind(store, 'some/object'),
  }
  return { content, bytes, folder }
}
