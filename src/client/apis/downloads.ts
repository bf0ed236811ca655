import type { ApiContext } from '../api-context.ts'
import { call } from '../call.ts'
import type { RemoteDelivery, Snapshot, Standing, WatchOptions } from '../delivery.ts'
import { asObject, asText, demandText } from '../json.ts'
import { listedUrl } from '../listed-url.ts'
import { nextLook } from '../next-look.ts'
import type { RemoteFile } from '../remote-file.ts'
import { resolvePlace } from '../resolve-place.ts'
import { shownUrl } from '../shown-url.ts'

/** The document names `done` alone; whoever names others means the same by these. */
const standings: Readonly<Record<string, Standing>> = {
  done: 'done',
  complete: 'done',
  completed: 'done',
  failed: 'failed',
  error: 'failed',
  canceled: 'canceled',
  cancelled: 'canceled',
  expired: 'expired',
}

/** A download of the Bridge Downloads API: polled until its state is `done`, then one file. */
export function openDownload(context: ApiContext, url: string): RemoteDelivery {
  const at = url.replace(/(?:\/file)?\/?(?:[?#].*)?$/, '')
  return {
    api: 'downloads',
    url: shownUrl(at),
    isTree: false,
    archive: null,
    watch: (options = {}) => watch(context, at, options),
  }
}

async function* watch(
  context: ApiContext,
  url: string,
  { signal, once = false }: WatchOptions,
): AsyncGenerator<Snapshot> {
  for (;;) {
    const { body, headers } = await call(context.transport, { url, signal })
    const download = asObject(asObject(body).download ?? body)
    const word = demandText(download.state, 'state', url)
    const standing = standings[word] ?? 'waiting'
    const link = asText(download.url)
    const files =
      standing === 'done' ? [fileAt(context, listedUrl(link ?? `${url}/file`, url))] : []
    yield { standing, word, progress: null, message: null, files }
    if (standing !== 'waiting' || once) return
    await nextLook(context, headers, signal)
  }
}

function fileAt({ transport }: ApiContext, url: string): RemoteFile {
  return {
    id: shownUrl(url),
    name: null,
    folders: [],
    size: null,
    mediaType: null,
    digests: {},
    isFixed: true,
    locate: (signal) => resolvePlace(transport, url, signal),
  }
}
