import { dispositionName } from '../disposition-name.ts'
import { discard } from '../drain.ts'
import { lastSegment } from '../last-segment.ts'
import { sendPatiently } from '../patiently.ts'
import type { RemoteFile } from '../remote-file.ts'
import type { FileTransport } from './file-transport.ts'

/**
 * What a file is called: by its listing, else by the address that it is at, else by what the server
 * says with its first byte. It is not to be trusted as a path.
 */
export async function nameOf(
  transport: FileTransport,
  file: RemoteFile,
  signal?: AbortSignal,
): Promise<string> {
  if (file.name !== null) return file.name
  const place = await file.locate(signal)
  const last = lastSegment(place.url)
  if (place.renewable && last?.includes('.') === true) return last
  const { response, url } = await sendPatiently(transport, {
    url: place.url,
    authorize: place.authorize,
    headers: { 'accept-encoding': 'identity', range: 'bytes=0-0' },
    signal,
  })
  discard(response)
  return dispositionName(response.headers) ?? lastSegment(url) ?? last ?? 'file'
}
