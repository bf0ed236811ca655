import { createHash, type Hash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { DigestName, Digests } from '../digests.ts'

/** Digests of bytes as they pass. */
export interface FileHash {
  update(bytes: Uint8Array): void
  /** Once, in the end. */
  digests(): Digests
}

/** sha-256 always, the others only to be compared. */
export function createFileHash(known: Digests): FileHash {
  const names: DigestName[] = ['sha256', ...(Object.keys(known) as DigestName[])]
  const hashes = new Map<DigestName, Hash>(names.map((name) => [name, createHash(name)]))
  return {
    update(bytes) {
      for (const hash of hashes.values()) hash.update(bytes)
    },
    digests: () =>
      Object.fromEntries([...hashes].map(([name, hash]) => [name, hash.digest('hex')])),
  }
}

/** O_NOFOLLOW is not on Windows, where links need a right of their own. */
const readWithoutFollowing = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)
const blockBytes = 1024 * 1024

/** Reads an open file from its beginning to its end. */
async function hashHandle(
  handle: FileHandle,
  known: Digests,
  signal?: AbortSignal,
): Promise<{ size: number; digests: Digests }> {
  const hash = createFileHash(known)
  const block = new Uint8Array(blockBytes)
  let size = 0
  for (;;) {
    signal?.throwIfAborted()
    const { bytesRead } = await handle.read(block, 0, blockBytes, size)
    if (bytesRead === 0) return { size, digests: hash.digests() }
    hash.update(block.subarray(0, bytesRead))
    size += bytesRead
  }
}

/** The length and digests of a file; null when there is none, or when it is a link or a folder. */
export async function hashFile(
  path: string,
  known: Digests,
  signal?: AbortSignal,
): Promise<{ size: number; digests: Digests } | null> {
  let handle: FileHandle
  try {
    handle = await open(path, readWithoutFollowing)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR') return null
    throw error
  }
  try {
    if (!(await handle.stat()).isFile()) return null
    return await hashHandle(handle, known, signal)
  } finally {
    await handle.close()
  }
}
