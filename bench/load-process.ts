import { connect } from 'node:net'
import type { Load } from './load.ts'

/** The process behind `requestsPerSecond`: prints `{ requests, seconds }` as JSON. */
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

let requests = 0
const sockets = Array.from({ length: load.connections }, keepAsking)
const begin = performance.now()
setTimeout(() => {
  const seconds = (performance.now() - begin) / 1000
  for (const socket of sockets) socket.destroy()
  console.log(JSON.stringify({ requests, seconds }))
}, load.milliseconds)

function keepAsking() {
  const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(request))
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => {
    text += chunk
    const end = text.indexOf('\r\n\r\n')
    if (end < 0) return
    if (!/^HTTP\/1\.1 2\d\d/.test(text)) throw new Error(`${load.url}: ${text.slice(0, 300)}`)
    const length = Number(/^content-length: (\d+)/im.exec(text.slice(0, end))?.[1])
    if (text.length < end + 4 + length) return
    text = ''
    requests += 1
    socket.write(request)
  })
  return socket
}
