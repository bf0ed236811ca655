import type { GrantRow } from '../../database/tables.ts'
import { isNetwork } from '../../settings/setting-kinds.ts'
import { createAddressSet } from '../address-set.ts'
import { DeliveryError } from '../errors.ts'

/** What narrows a signed URL, beside its time. */
export interface GrantLimits {
  /** How many clients may take it, from 1 to 10,000; as many as come when it is left out. */
  maxUses?: number
  /** Addresses and networks (`192.0.2.7`, `2001:db8::/32`) that it opens for, at most 20. */
  networks?: readonly string[]
  /** It shows a page whose button leads to the bytes: programs that look into links do not take them. */
  page?: boolean
}

/**
 * The limits as the columns that hold them.
 * @throws DeliveryError `invalid`
 */
export function limitColumns(limits: GrantLimits): Pick<GrantRow, 'max_uses' | 'networks'> {
  const { maxUses = null, networks = [] } = limits
  if (maxUses !== null && !(Number.isInteger(maxUses) && maxUses >= 1 && maxUses <= 10_000)) {
    throw invalid('max_uses', 'A link is for 1 to 10,000 downloads.')
  }
  if (networks.length > 20) throw invalid('networks', 'A link names at most 20 networks.')
  const wrong = networks.find((network) => !isNetwork(network))
  if (wrong !== undefined) {
    const sentence = `"${wrong}" is neither an IP address nor a network like 192.0.2.0/24.`
    throw invalid('networks', sentence)
  }
  return {
    max_uses: maxUses,
    networks: networks.length === 0 ? null : JSON.stringify(networks),
  }
}

function invalid(field: string, sentence: string): DeliveryError {
  return new DeliveryError('invalid', sentence, { details: { field } })
}

/** The networks of a grant; none when it opens for all. */
export function networksOf({ networks }: Pick<GrantRow, 'networks'>): string[] {
  return networks === null ? [] : (JSON.parse(networks) as string[])
}

/** Whom a grant opens for, by address; null when for all. An address that is not known is nobody's. */
export function admissionOf(
  grant: Pick<GrantRow, 'networks'>,
): ((address: string | null) => boolean) | null {
  if (grant.networks === null) return null
  const contains = createAddressSet(networksOf(grant))
  return (address) => address !== null && contains(address)
}
