import { isIPv4, isIPv6 } from 'node:net'
import { createAddressSet } from '../../core/address-set.ts'

/** Says whether an address may be connected to. */
export type AddressCheck = (address: string) => boolean

/**
 * Public addresses only, and those of the networks given (`10.1.0.0/16`, `::1`): what a customer's
 * URL names must not reach into the network that the server stands in.
 */
export function createAddressCheck(allowed: readonly string[]): AddressCheck {
  const isAllowed = createAddressSet(allowed)
  return (address) => {
    if (isAllowed(address)) return true
    if (isIPv4(address)) return !notPublic4(address)
    return isIPv6(address) && global6(address) && !notPublic6(address)
  }
}

/** IANA IPv4 special-purpose address registry, multicast and reserved space. */
const notPublic4 = createAddressSet([
  '0.0.0.0/8',
  '10.0.0.0/8',
  // Shared by carriers (RFC 6598); some clouds serve metadata there.
  '100.64.0.0/10',
  '127.0.0.0/8',
  // Link-local; metadata of most clouds.
  '169.254.0.0/16',
  '172.16.0.0/12',
  // Metadata of one cloud stands at a public address.
  '168.63.129.16/32',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
])

/** All that is allocated as global unicast: mapped, NAT64, unique local, link-local and multicast lie outside. */
const global6 = createAddressSet(['2000::/3'])

/** IANA IPv6 special-purpose address registry, within the above; 6to4 and Teredo carry IPv4 addresses. */
const notPublic6 = createAddressSet(['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'])
