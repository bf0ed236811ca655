import type { Principal } from '../principal.ts'
import { isPhoneNumber } from './phone-number.ts'
import { demandMayPort } from './port-orders.ts'

export interface Portability {
  portable: string[]
  nonportable: string[]
}

/**
 * Which of these numbers an order of the caller's would take, each once, in the order given. No
 * carrier is asked: what is portable here may still be rejected when the order is processed.
 * @throws DeliveryError `forbidden`
 */
export function sortByPortability(principal: Principal, numbers: readonly string[]): Portability {
  demandMayPort(principal)
  const groups = Map.groupBy(new Set(numbers), isPhoneNumber)
  return { portable: groups.get(true) ?? [], nonportable: groups.get(false) ?? [] }
}
