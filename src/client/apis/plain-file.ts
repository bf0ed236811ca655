import type { RemoteDelivery, Snapshot } from '../delivery.ts'
import { fileId } from '../file-id.ts'
import { lastSegment } from '../last-segment.ts'
import type { RemoteFile } from '../remote-file.ts'
import { shownUrl } from '../shown-url.ts'

/** A file at an address of its own: a signed URL, or any other. */
export function openPlainFile(url: string): RemoteDelivery {
  const last = lastSegment(url)
  const file: RemoteFile = {
    id: fileId(url),
    // What has no dot is rather the name of a program: the answer will say more.
    name: last?.includes('.') === true ? last : null,
    folders: [],
    size: null,
    mediaType: null,
    digests: {},
    isFixed: false,
    locate: async () => ({ url, authorize: true, renewable: false }),
  }
  return {
    api: 'file',
    url: shownUrl(url),
    isTree: false,
    archive: null,
    async *watch(): AsyncGenerator<Snapshot> {
      const files = [file]
      // Nobody asked the server: what it says is known when the file is fetched.
      yield { standing: 'done', word: 'one file', progress: null, message: null, files }
    },
  }
}
