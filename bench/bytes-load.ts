import { connect } from 'node:net'

/**
 * Asks for one URL again and again over keep-alive connections, each with one request under way, and
 * prints `{ requests, bytes, seconds }` as JSON. Counting bytes as they come lets a gigabyte be
 * measured without waiting for its end.
 */
const [url, connectionCount, milliseconds] = process.argv.slice(2)
if (url === undefined) throw new Error('Usage: bytes-load.ts <url> <connections> <ms>')
const target = new URL(url)
const request = `GET ${target.pathname}${target.search} HTTP/1.1\r\nHost: ${target.host}\r\n\r\n`
const total = { requests: 0, bytes: 0 }
const sockets = Array.from({ length: Number(connectionCount) }, () => load())
const begin = performance.now()
setTimeout(() => {
  const seconds = (performance.now() - begin) / 1000
  for (const socket of sockets) socket.destroy()
  console.log(JSON.stringify({ ...total, seconds }))
}, Number(milliseconds))

function load() {
  let head = ''
  let missing = -1
  const onBytes = (count: number, buffer: Uint8Array): boolean => {
    total.bytes += count
    let body = count
    if (missing < 0) {
      head += Buffer.from(buffer.buffer, buffer.byteOffset, count).toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return true
      if (!head.startsWith('HTTP/1.1 200')) throw new Error(`${url} answered ${head.slice(0, 60)}`)
      body = head.length - end - 4
      missing = Number(/^content-length: (\d+)/im.exec(head)?.[1])
      head = ''
    }
    missing -= body
    if (missing === 0) {
      missing = -1
      total.requests++
      socket.write(request)
    }
    return true
  }
  const socket = connect({
    host: target.hostname,
    port: Number(target.port),
    onread: { buffer: Buffer.allocUnsafe(1024 * 1024), callback: onBytes },
  })
  socket.on('connect', () => socket.write(request))
  return socket
}
