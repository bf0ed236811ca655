import type { FileHandle } from 'node:fs/promises'
import { lookAt } from './fingerprint.ts'
import { type OpenFolder, openRegular } from './open-regular.ts'

/** The file is still being written to; it is looked at again later. */
export class UnsteadyError extends Error {
  override readonly name = 'UnsteadyError'
}

/**
 * The bytes of a file of a folder, opened when they are asked for.
 * @param fingerprint what it must be, from its opening to its end; null: whatever it is when it is opened
 * @throws UnsteadyError when it is another by now, or was written to while it was read
 */
export async function* readSteady(
  folder: OpenFolder,
  name: string,
  fingerprint: string | null,
): AsyncGenerator<Uint8Array> {
  const handle = await openRegular(folder, name)
  try {
    const expected = fingerprint ?? (await fingerprintOf(handle))
    if ((await fingerprintOf(handle)) !== expected) throw changed(name)
    const buffer = Buffer.allocUnsafe(256 * 1024)
    for (let position = 0; ; ) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position)
      if (bytesRead === 0) break
      position += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
    if ((await fingerprintOf(handle)) !== expected) throw changed(name)
  } finally {
    await handle.close()
  }
}

async function fingerprintOf(handle: FileHandle): Promise<string> {
  return lookAt(await handle.stat({ bigint: true })).fingerprint
}

function changed(name: string): UnsteadyError {
  return new UnsteadyError(`"${name}" changed while it was being read.`)
}
