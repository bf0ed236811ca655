import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/**
 * What one writes first: stat and createReadStream on bare node:http. `/memory/4096` answers with as
 * many bytes that it has ready: nothing is looked up, checked, read or noted, so it is the least that a
 * request costs on Node. Prints its URL as JSON.
 */
const folder = process.argv[2] ?? '.'
const ready = new Map([4096, 65_536].map((size) => [`/memory/${size}`, Buffer.alloc(size, 'x')]))
const server = createServer(async (request, response) => {
  const bytes = ready.get(request.url ?? '')
  if (bytes !== undefined) {
    response.writeHead(200, { 'content-length': bytes.length }).end(bytes)
    return
  }
  try {
    const path = join(folder, request.url ?? '')
    const { size } = await stat(path)
    response.writeHead(200, { 'content-length': size })
    createReadStream(path)
      .on('error', () => response.destroy())
      .pipe(response)
  } catch {
    response.writeHead(404).end()
  }
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}` }))
})
