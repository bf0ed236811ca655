import { isIP } from 'node:net'

/** Is this a name or an address of this machine alone, as it stands in a URL or as a host? */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '')
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'))
}
