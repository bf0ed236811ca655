import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type DiskFile, type PeerName, peers } from './archive-peers.ts'

/**
 * Serves the archives of the other archivers at their names, one archive behind the other without an
 * end, because they cannot say how long one is. Its argument is a file with the files; prints its URL.
 */
const files = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as DiskFile[]

async function* endless(name: PeerName): AsyncGenerator<Uint8Array> {
  for (;;) yield* peers[name](files)
}

const server = createServer((request, response) => {
  const name = (request.url ?? '').slice(1) as PeerName
  response.writeHead(200, { 'content-type': 'application/zip' })
  pipeline(Readable.from(endless(name), { objectMode: false }), response).catch(() => {})
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}` }))
})
process.on('SIGTERM', () => process.exit(0))
