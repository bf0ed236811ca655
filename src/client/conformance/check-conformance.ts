import { ClientError } from '../client-error.ts'
import type { Client } from '../create-client.ts'
import type { ApiName } from '../delivery.ts'
import { checkBytes } from './bytes.ts'
import type { Checked } from './check.ts'
import {
  checkDownloads,
  checkImports,
  checkOrders,
  checkPortOrders,
  checkStudies,
  type Subject,
} from './documents.ts'

const documents: Partial<Record<ApiName, (subject: Subject) => AsyncIterable<Checked>>> = {
  downloads: checkDownloads,
  orders: checkOrders,
  studies: checkStudies,
  imports: checkImports,
  'port-orders': checkPortOrders,
  file: ({ transport, url }) => checkBytes('file', transport, url),
}

/**
 * Replays what the document of an API says against any server, by reading alone.
 * @param url something at the API: a download, an order, a listing, an import, a document, a file
 * @throws ClientError
 */
export async function* checkConformance(
  client: Client,
  url: string,
  api: ApiName,
): AsyncGenerator<Checked> {
  const check = documents[api]
  if (check === undefined) {
    throw new ClientError('bad_input', `There is no document to check "${api}" against.`)
  }
  // Refuses an address that is none of the API's.
  client.open(url, { api })
  yield* check({ transport: client.transport, url })
}
