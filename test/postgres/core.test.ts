import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(
  [
    'core/jobs',
    'core/idempotency',
    'core/pickups',
    'core/port-orders',
    'core/sweep',
    'core/accounts',
    'core/account-places',
    'core/turns',
    'core/granted-file',
    'core/publish-delivery',
    'core/archives/learn-digest',
  ],
  ['core/*', 'core/*/*', 'http/*'],
)
