import { connect } from 'node:net'
import type { Load } from './load.ts'

/**
 * The process behind the loads of ours: asks again and again over keep-alive connections, each with
 * one request under way, and prints `{ requests, bytes, seconds }` as JSON. It counts bytes as they
 * come, so that a gigabyte can be measured without waiting for its end.
 */
const load = JSON.parse(process.argv[2] ?? '{}') as Load
const { pathname, search, host, hostname, port } = new URL(load.url)
const fields = Object.entries({ Host: host, ...load.headers })
if (load.body !== undefined) {
  fields.push(['Content-Type', 'application/json'])
  fields.push(['Content-Length', String(Buffer.byteLength(load.body))])
}
const request = `${load.body === undefined ? 'GET' : 'POST'} ${pathname}${search} HTTP/1.1\r\n${fields
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('')}\r\n${load.body ?? ''}`

const total = { requests: 0, bytes: 0 }
const sockets = Array.from({ length: load.connections }, keepAsking)
const begin = performance.now()
setTimeout(() => {
  const seconds = (performance.now() - begin) / 1000
  for (const socket of sockets) socket.destroy()
  console.log(JSON.stringify({ ...total, seconds }))
}, load.milliseconds)

function keepAsking() {
  let head = ''
  /** Of the body under way; negative while its header comes. */
  let missing = -1
  const onBytes = (count: number, buffer: Uint8Array): boolean => {
    total.bytes += count
    let body = count
    if (missing < 0) {
      head += Buffer.from(buffer.buffer, buffer.byteOffset, count).toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return true
      if (!/^HTTP\/1\.1 2\d\d/.test(head)) throw new Error(`${load.url}: ${head.slice(0, 300)}`)
      missing = Number(/^content-length: (\d+)/im.exec(head.slice(0, end))?.[1])
      body = head.length - end - 4
      head = ''
    }
    missing -= body
    if (missing !== 0) return true
    missing = -1
    total.requests += 1
    socket.write(request)
    return true
  }
  const socket = connect({
    host: hostname,
    port: Number(port),
    onread: { buffer: Buffer.allocUnsafe(1024 * 1024), callback: onBytes },
  })
  socket.on('connect', () => socket.write(request))
  return socket
}
