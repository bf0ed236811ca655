/** The first segments of the portal's own addresses; everything else belongs to the APIs. */
export const portalPaths = [
  'sign-in',
  'pick-up',
  'ask',
  'deliveries',
  'orders',
  'studies',
  'imports',
  'port-orders',
  'links',
  'keys',
  'admin',
] as const
