import { fileId } from '../file-id.ts'
import { lastSegment } from '../last-segment.ts'
import { listedUrl } from '../listed-url.ts'
import type { RemoteFile } from '../remote-file.ts'

/** Whether a text is a list for `curl -K`: its lines are options, and one of them is an address. */
export function isCurlConfig(text: string): boolean {
  return /^[ \t]*(?:--)?url[ \t]*[=: \t]/m.test(text)
}

/**
 * Reads a list for `curl -K` (curl(1), "--config"): the first `output` belongs to the first `url`, and
 * so on. Other options and comments are passed over.
 */
export function parseCurlConfig(text: string, base: string): RemoteFile[] {
  const urls: string[] = []
  const outputs: string[] = []
  for (const line of text.split(/\r?\n/)) {
    const option = readOption(line)
    if (option?.name === 'url' && URL.canParse(option.value, base)) urls.push(option.value)
    if (option?.name === 'output' || option?.name === 'o') outputs.push(option.value)
  }
  return urls.map((link, index) => {
    const url = listedUrl(link, base)
    const parts = outputs[index]?.split('/') ?? []
    return {
      id: fileId(url),
      name: parts.at(-1) || lastSegment(url),
      folders: parts.slice(0, -1),
      size: null,
      mediaType: null,
      digests: {},
      isFixed: false,
      locate: async () => ({ url, authorize: true, renewable: false }),
    }
  })
}

/** `name = "value"`, with or without dashes, `=` or `:`, and quotes. */
function readOption(line: string): { name: string; value: string } | null {
  const found = /^\s*(?:--?)?([a-z-]+)(?:\s*[=:]\s*|\s+)(?:"((?:[^"\\]|\\.)*)"|(\S+))/.exec(line)
  if (found === null) return null
  const [, name = '', quoted, bare = ''] = found
  return { name, value: quoted === undefined ? bare : plain(quoted) }
}

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', v: '\v' }

function plain(text: string): string {
  return text.replaceAll(/\\(.)/g, (_whole, character) => escapes[character] ?? character)
}
