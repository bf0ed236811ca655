import { PassThrough } from 'node:stream'
import type { Core } from '../core/core.ts'
import { type StoredBytes, storeBytes } from '../core/stored-files.ts'
import type { Attempt } from './handler.ts'

/** A file that an attempt writes: it goes to the store as it comes, and whoever finishes it gives it a row. */
export interface WrittenFile {
  readonly stream: PassThrough
  /**
   * Ends it, where its writer has not, and resolves when its bytes are safe.
   * @throws DeliveryError `storage_full`
   */
  finish(): Promise<StoredBytes>
  /** Removes what was written. Best effort: what stays is an orphan, and the sweeper's. */
  discard(): Promise<void>
}

/** Opens a file that is stored while it is written, under the attempt's own prefix. */
export function openWrittenFile(
  core: Core,
  { job, signal }: Pick<Attempt, 'job' | 'signal'>,
): WrittenFile {
  const stream = new PassThrough({ highWaterMark: 256 * 1024 })
  const stored = storeBytes(core, `jobs/${job.number}-${job.attempt}`, stream, signal)
  // The writer learns of a full disk by its own stream; `finish` reports it, too.
  stored.catch((error) => stream.destroy(error))
  stream.on('error', () => {})
  return {
    stream,
    async finish() {
      if (!stream.writableEnded) stream.end()
      return await stored
    },
    async discard() {
      stream.destroy(new Error('The attempt has failed.'))
      await stored.then(({ objectKey }) => core.store.remove(objectKey)).catch(() => {})
    },
  }
}
