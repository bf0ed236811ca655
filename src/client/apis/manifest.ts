import type { ApiContext } from '../api-context.ts'
import { refusalOf } from '../call.ts'
import { ClientError } from '../client-error.ts'
import type { RemoteDelivery, Snapshot } from '../delivery.ts'
import { fromHex } from '../digests.ts'
import { fileId } from '../file-id.ts'
import { asList, asObject, asSize, asText, demandText } from '../json.ts'
import { listedMirrors, listedUrl } from '../listed-url.ts'
import { readPatiently } from '../read-patiently.ts'
import type { RemoteFile } from '../remote-file.ts'
import { shownUrl } from '../shown-url.ts'
import { isCurlConfig, parseCurlConfig } from './curl-config.ts'
import { locateFile } from './locate-file.ts'
import { parseMetalink } from './metalink.ts'
import { parseUrlList } from './url-list.ts'

/**
 * A list of files with addresses and digests: Metalink 3 or 4, the JSON that `--manifest` writes, or a
 * list of addresses as download tools take it.
 * @param text the manifest itself, when it is not to be fetched from `url`
 */
export function openManifest(context: ApiContext, url: string, text?: string): RemoteDelivery {
  return {
    api: 'manifest',
    url: shownUrl(url),
    isTree: true,
    archive: null,
    async *watch({ signal } = {}): AsyncGenerator<Snapshot> {
      const read = text ?? (await fetchText(context, url, signal))
      const files = parseManifest(context, read, url)
      yield { standing: 'done', word: 'listed', progress: null, message: null, files }
    },
  }
}

async function fetchText(
  { transport }: ApiContext,
  url: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { answered, text } = await readPatiently(transport, { url, signal })
  if (!answered.response.ok) throw refusalOf(answered, text)
  return text
}

/**
 * The files that a manifest lists. Links are taken relative to where it came from.
 * @throws ClientError `bad_answer` when it is no manifest
 */
function parseManifest(context: ApiContext, text: string, base: string): RemoteFile[] {
  if (/^\s*</.test(text)) return parseMetalink(text, base)
  if (isCurlConfig(text)) return parseCurlConfig(text, base)
  if (/^\s*(?:#|https?:)/.test(text)) return parseUrlList(text, base)
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (cause) {
    throw new ClientError('bad_answer', `${shownUrl(base)} is no manifest.`, { cause })
  }
  const files = asObject(body).files
  if (!Array.isArray(files)) {
    throw new ClientError('bad_answer', `${shownUrl(base)} is no manifest: it has no "files".`)
  }
  return asList(files).map((item) => {
    const entry = asObject(item)
    const url = listedUrl(demandText(entry.url, 'url', base), base)
    const parts = asText(entry.name)?.split('/') ?? []
    return {
      id: fileId(url),
      name: parts.at(-1) ?? null,
      folders: parts.slice(0, -1),
      size: asSize(entry.size),
      mediaType: asText(entry.mediaType),
      digests: { ...fromHex(entry.md5), ...fromHex(entry.sha256) },
      ...listedMirrors(asList(entry.mirrors), base),
      isFixed: false,
      locate: (signal) => locateFile(context, url, signal),
    }
  })
}
