import type { Client } from '../client/create-client.ts'
import type { RemoteDelivery } from '../client/delivery.ts'
import { readClientEnvironment } from './client-environment.ts'
import { type ConnectValues, connect, refuseFrontDoor } from './connect.ts'
import { firstOrigin, readLocalManifest } from './manifest-file.ts'

/** Something to pick up, and the client that it is picked up with. */
export interface OpenDelivery {
  readonly client: Client
  readonly delivery: RemoteDelivery
}

/**
 * What is behind an address, or in a manifest on this computer.
 * @param tell as of `connect`
 * @throws ClientError, what the file system says
 */
export async function openDelivery(
  said: string,
  values: ConnectValues,
  tell?: (line: string) => void,
): Promise<OpenDelivery> {
  const text = await readLocalManifest(said)
  if (text !== null) {
    const base = readClientEnvironment().url ?? firstOrigin(text)
    const { client, url } = await connect(base, { ...values, api: 'manifest' }, tell)
    return { client, delivery: client.open(url, { text }) }
  }
  const connection = await connect(said, values, tell)
  refuseFrontDoor(connection, values)
  const { client, api, url } = connection
  return { client, delivery: client.open(url, { api }) }
}
