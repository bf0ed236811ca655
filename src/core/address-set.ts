import { BlockList, isIP } from 'node:net'

/** Says whether an address lies in one of the networks (`10.1.0.0/16`, `::1`) that it was made of. */
export function createAddressSet(networks: readonly string[]): (address: string) => boolean {
  const blocks = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    if (bits === undefined) blocks.addAddress(address, familyOf(address))
    else blocks.addSubnet(address, Number(bits), familyOf(address))
  }
  return (address) => isIP(address) !== 0 && blocks.check(address, familyOf(address))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}
