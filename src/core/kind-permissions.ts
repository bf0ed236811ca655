import type { DeliveryKind } from '../database/tables.ts'

/**
 * What an account must hold to work with a kind of delivery. A download asks for the permission of
 * its type, a study for that of its path; they have none of their own.
 */
export const kindPermissions = {
  download: null,
  order: 'order',
  study: null,
  import: 'rostering',
  'port-order': 'port-orders',
} as const satisfies Record<DeliveryKind, string | null>
