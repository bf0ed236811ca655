import { conflictOf, fromFields } from '../digests.ts'
import { discard } from '../drain.ts'
import { sendPatiently } from '../patiently.ts'
import type { RemoteFile } from '../remote-file.ts'
import { hashFile } from './file-hash.ts'
import type { FileTransport } from './file-transport.ts'
import type { RecordedFile } from './folder-record.ts'

export interface PresentOptions {
  readonly transport: FileTransport
  readonly file: RemoteFile
  /** The full path. */
  readonly target: string
  readonly recorded: RecordedFile | null
  readonly signal?: AbortSignal | undefined
}

/**
 * The copy that is here already, read and verified; null when there is none, or none that is the
 * server's file as it is now.
 */
export async function findPresentCopy(options: PresentOptions): Promise<RecordedFile | null> {
  const { file, target, recorded, signal } = options
  const isOurs = recorded !== null && recorded.source === file.id
  const canTell = Object.keys(file.digests).length > 0
  if (file.mustFetch === true || (!isOurs && !canTell)) return null
  const found = await hashFile(target, file.digests, signal)
  if (found === null) return null
  const { size, digests } = found
  if (file.size !== null && file.size !== size) return null
  const sha256 = digests.sha256 ?? ''
  const copy = { size, sha256, source: file.id, etag: isOurs ? recorded.etag : null }
  if (canTell) return conflictOf(file.digests, digests) === null ? copy : null
  if (!isOurs || recorded.sha256 !== sha256 || recorded.size !== size) return null
  return file.isFixed || (await isUnchanged(options, copy)) ? copy : null
}

/** Asks the server whether the file is still the one that was fetched. */
async function isUnchanged(
  { transport, file, signal }: PresentOptions,
  { etag, sha256, size }: RecordedFile,
): Promise<boolean> {
  const place = await file.locate(signal)
  const { response } = await sendPatiently(transport, {
    url: place.url,
    authorize: place.authorize,
    headers: {
      'accept-encoding': 'identity',
      'want-repr-digest': 'sha-256=10',
      ...(etag === null ? {} : { 'if-none-match': etag }),
    },
    signal,
  })
  discard(response)
  if (response.status === 304) return true
  const isSameLength = Number(response.headers.get('content-length')) === size
  return response.ok && isSameLength && fromFields(response.headers).sha256 === sha256
}
