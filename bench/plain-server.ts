import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** What one writes first: stat and createReadStream on bare node:http. Prints its URL as JSON. */
const folder = process.argv[2] ?? '.'
const server = createServer(async (request, response) => {
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
