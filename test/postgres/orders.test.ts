import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(['apis/orders-downloads', 'apis/port-orders'], ['apis/*order*'])
