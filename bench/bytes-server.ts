import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Content } from '../src/core/content.ts'
import { sendContent } from '../src/http/send-content.ts'
import { openDiskStore } from '../src/storage/disk.ts'

/**
 * One of the two servers that `bytes.ts` compares with nginx: `claimcheck` sends by sendContent from
 * a disk store, `plain` is what one writes first: stat and createReadStream. Prints its port.
 */
const [kind, folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('Usage: bytes-server.ts claimcheck|plain <folder>')
const server = createServer(kind === 'claimcheck' ? await claimcheck(folder) : plain(folder))
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
process.on('SIGTERM', () => process.exit(0))

async function claimcheck(folder: string): Promise<RequestListener> {
  const store = await openDiskStore(folder)
  const facts = new Map<string, Omit<Content, 'read'>>()
  for await (const { key, size, modifiedAt } of store.list('')) {
    facts.set(`/${key}`, {
      size,
      mediaType: 'application/octet-stream',
      etag: `"${key}-0123456789abcdef0123456789abcdef"`,
      lastModified: new Date(modifiedAt),
      digests: { sha256: 'ab'.repeat(32), md5: 'cd'.repeat(16), crc32: 1 },
    })
  }
  return (request, response) => {
    const known = facts.get(request.url ?? '')
    if (known === undefined) return void response.writeHead(404).end()
    const key = (request.url ?? '').slice(1)
    const content = { ...known, read: store.read.bind(store, key) }
    sendContent(request, response, content, {
      fileName: 'report 2026.csv',
      disposition: 'attachment',
      onSent() {},
    }).catch((error) => {
      console.error(error)
      response.destroy()
    })
  }
}

function plain(folder: string): RequestListener {
  return async (request, response) => {
    try {
      const path = join(folder, 'objects', request.url ?? '')
      const { size } = await stat(path)
      response.writeHead(200, { 'content-length': size })
      createReadStream(path)
        .on('error', () => response.destroy())
        .pipe(response)
    } catch {
      response.writeHead(404).end()
    }
  }
}
