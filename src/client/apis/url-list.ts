import { type Digests, fromMetalink } from '../digests.ts'
import { fileId } from '../file-id.ts'
import { lastSegment } from '../last-segment.ts'
import { listedMirrors, listedUrl } from '../listed-url.ts'
import type { RemoteFile } from '../remote-file.ts'

/**
 * Reads a list of addresses, one a line, as `wget -i` takes it; with the indented options `out=` and
 * `checksum=` that aria2 knows. Other options and what stands behind `#` are passed over.
 */
export function parseUrlList(text: string, base: string): RemoteFile[] {
  const files: RemoteFile[] = []
  for (const line of text.split(/\r?\n/)) {
    const last = files.at(-1)
    if (/^https?:/i.test(line)) files.push(fileAt(line, base))
    else if (/^\s/.test(line) && last !== undefined)
      files[files.length - 1] = withOption(last, line)
  }
  return files
}

/** aria2 takes several addresses of one file in a line, between tabs. */
function fileAt(line: string, base: string): RemoteFile {
  const [first = '', ...others] = line.split('\t')
  const url = listedUrl(first, base)
  return {
    id: fileId(url),
    name: lastSegment(url),
    folders: [],
    size: null,
    mediaType: null,
    digests: {},
    ...listedMirrors(
      others.filter((link) => link.trim() !== ''),
      base,
    ),
    isFixed: false,
    locate: async () => ({ url, authorize: true, renewable: false }),
  }
}

function withOption(file: RemoteFile, line: string): RemoteFile {
  const [, name = '', value = ''] = /^\s+([a-z-]+)=(.*?)\s*$/.exec(line) ?? []
  if (name === 'out' && value !== '') {
    const parts = value.split('/')
    return { ...file, name: parts.at(-1) || file.name, folders: parts.slice(0, -1) }
  }
  if (name !== 'checksum') return file
  const [type = '', hex = ''] = value.split('=', 2)
  const digests: Digests = { ...file.digests, ...fromMetalink(type, hex) }
  return { ...file, digests }
}
