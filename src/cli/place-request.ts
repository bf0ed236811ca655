import type { ApiName } from '../client/delivery.ts'
import { type DeliveryRequest, requestDelivery } from '../client/request-delivery.ts'
import { type Connection, type ConnectValues, connect } from './connect.ts'

interface Placing {
  readonly values: ConnectValues
  readonly wanted: DeliveryRequest
  readonly signal: AbortSignal
  /** As of `connect`. */
  readonly tell?: (line: string) => void
}

/**
 * Asks for a delivery at an address, signed in as the API behind it wants it.
 * @returns the client that asked, and the address to get the delivery from
 * @throws ClientError, Error with a sentence
 */
export async function placeRequest(
  address: string,
  { values, wanted, signal, tell }: Placing,
): Promise<Pick<Connection, 'client' | 'url'>> {
  const { client, url } = await connect(address, { ...values, api: apiOfRequest(address) }, tell)
  return { client, url: await requestDelivery(client, url, { ...wanted, signal }) }
}

/** Where a request at an address goes. */
function apiOfRequest(url: string): ApiName {
  if (/\/rs-order(?:\/|$)/.test(url)) return 'orders'
  return /\/api\/downloads\/?$/.test(url) ? 'downloads' : 'v1'
}
