import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(
  ['apis/downloads', 'apis/studies', 'apis/imports', 'apis/v1/work'],
  ['apis/!(*order*)', 'apis/v1/*', 'auth/*'],
)
