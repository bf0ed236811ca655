import { fromFields } from '../digests.ts'
import { discard } from '../drain.ts'
import { strongEtag } from '../strong-etag.ts'
import { aborted } from '../wait.ts'
import { createStallGuard } from './stall-guard.ts'
import type { Transfer } from './transfer.ts'

/**
 * Asks once more for the digest of a file that is here whole, where its server may have found it out
 * only by sending it. A server that refuses, or does not know it either, takes nothing from the file.
 * @throws ClientError `aborted`
 */
export async function learnLate(transfer: Transfer): Promise<void> {
  const { options, known } = transfer
  const { etag, digests } = known
  if (options.file.digestComesLate !== true || etag === null || digests.sha256 !== undefined) return
  const guard = createStallGuard(options.stallMs, options.signal)
  try {
    const place = await transfer.place(guard.signal)
    const { response, url } = await options.transport.send({
      url: place.url,
      method: 'HEAD',
      authorize: place.authorize,
      headers: {
        'accept-encoding': 'identity',
        'want-repr-digest': 'sha-256=10',
        'if-match': etag,
      },
      signal: guard.signal,
    })
    discard(response)
    const isSameFile = new URL(url).origin === known.origin && strongEtag(response.headers) === etag
    if (response.status !== 200 || !isSameFile) return
    transfer.known = { ...known, digests: { ...digests, ...fromFields(response.headers) } }
  } catch {
    // The file is here all the same, and nothing more is known of it than before.
    if (options.signal?.aborted === true) throw aborted(options.signal)
  } finally {
    guard.end()
  }
}
