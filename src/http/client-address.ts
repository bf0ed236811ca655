import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { createAddressSet } from '../core/address-set.ts'

/**
 * Finds a client's address: the connection's own, or, when that is a trusted proxy's, the last one
 * of X-Forwarded-For that is not. Where nothing is trusted the header counts for nothing.
 * @param trusted addresses and networks, as `CLAIMCHECK_TRUSTED_PROXIES` has them
 */
export function createClientAddress(
  trusted: readonly string[],
): (request: IncomingMessage) => string | null {
  const isTrusted = createAddressSet(trusted)
  return (request) => {
    let address = plain(request.socket.remoteAddress ?? '')
    if (trusted.length > 0) {
      const hops = String(request.headers['x-forwarded-for'] ?? '').split(',')
      while (isTrusted(address)) {
        const before = plain(withoutPort(hops.pop()?.trim() ?? ''))
        if (isIP(before) === 0) break
        address = before
      }
    }
    return address === '' ? null : address
  }
}

/** Some proxies write the client's port, too: `192.0.2.7:1234`, `[2001:db8::1]:1234`. */
function withoutPort(hop: string): string {
  const [, v4, v6] = /^(\d+\.\d+\.\d+\.\d+):\d+$|^\[([^\]]+)\](?::\d+)?$/.exec(hop) ?? []
  return v4 ?? v6 ?? hop
}

/** An IPv4 client on a socket for both families. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '')
}
