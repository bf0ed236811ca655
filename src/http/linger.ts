import type { IncomingMessage } from 'node:http'

/** So long the rest of a refused body is read and thrown away. */
const LINGER_MS = 5000

/**
 * Reads on after a refusal, so that the client comes to read the answer and the connection is free again: Node does so by
 * itself only where nothing of the body was read. A client that sends on and on is cut off.
 */
export function linger(request: IncomingMessage): void {
  if (request.complete) return
  request.resume()
  const timer = setTimeout(() => {
    if (!request.complete) request.socket.destroy()
  }, LINGER_MS)
  timer.unref()
  request.once('close', () => clearTimeout(timer))
}
