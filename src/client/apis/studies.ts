import type { ApiContext } from '../api-context.ts'
import { call } from '../call.ts'
import { ClientError } from '../client-error.ts'
import type { RemoteDelivery, Snapshot, WatchOptions } from '../delivery.ts'
import { fileId } from '../file-id.ts'
import { asObject, asText, demandText } from '../json.ts'
import { listedUrl } from '../listed-url.ts'
import type { RemoteFile } from '../remote-file.ts'
import { shownUrl } from '../shown-url.ts'

/** A listing of the Flux Vision download API, of an organization, a study or a delivery. */
export function openStudies(context: ApiContext, url: string): RemoteDelivery {
  // The document prints the slash at the end; without it some servers redirect.
  const at = url.replace(/\/?(?:[?#].*)?$/, '/')
  return {
    api: 'studies',
    url: shownUrl(at),
    isTree: true,
    archive: null,
    watch: (options = {}) => list(context, at, options),
  }
}

async function* list(
  { transport }: ApiContext,
  url: string,
  { signal }: WatchOptions,
): AsyncGenerator<Snapshot> {
  const { body } = await call(transport, { url, signal })
  if (!Array.isArray(body)) {
    throw new ClientError('bad_answer', `${shownUrl(url)} answers no list of files.`)
  }
  const files = body.map((item) => toFile(item, url))
  yield { standing: 'done', word: 'published', progress: null, message: null, files }
}

function toFile(item: unknown, listing: string): RemoteFile {
  const entry = asObject(item)
  const url = listedUrl(demandText(entry.url, 'url', listing), listing)
  const codes = [entry.orga_code_ref, entry.study_code_ref, entry.delivery_code_ref]
  return {
    // A file that is published again is another one.
    id: `${fileId(url)} ${asText(entry.file_last_modified_date) ?? ''}`.trim(),
    name: asText(entry.file_name),
    folders: codes.flatMap((code) => asText(code) ?? []),
    size: null,
    mediaType: null,
    digests: {},
    isFixed: true,
    locate: async () => ({ url, authorize: true, renewable: false }),
  }
}
