/**
 * `claimcheck/client`: everything that needs web standards alone, so that it runs in browsers, too.
 * What writes files is in `claimcheck/client/files`.
 */
export type { ApiContext } from './api-context.ts'
export { ClientError, type ClientErrorCode } from './client-error.ts'
export { type Client, type ClientOptions, createClient } from './create-client.ts'
export type { Credentials } from './credentials.ts'
export {
  type ApiName,
  apiNames,
  type RemoteDelivery,
  type Snapshot,
  type Standing,
  type WatchOptions,
} from './delivery.ts'
export { detectApi } from './detect-api.ts'
export type { Digests } from './digests.ts'
export { type MadeLink, makeLinks } from './make-links.ts'
export type { Pause } from './pause.ts'
export { type PutFile, putFile } from './put-file.ts'
export type { Place, RemoteFile } from './remote-file.ts'
export { type DeliveryRequest, requestDelivery } from './request-delivery.ts'
export type { RetryPolicy } from './retry-policy.ts'
export type { Fetch, Transport } from './transport.ts'
