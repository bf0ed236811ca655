import { post } from './call.ts'
import { ClientError } from './client-error.ts'
import type { Client } from './create-client.ts'
import { asObject, asText, demandText } from './json.ts'

export interface MadeLink {
  readonly name: string
  /** Opens the file for everybody who has it. */
  readonly url: string
  readonly expiresAt: string | null
}

/**
 * Makes a signed URL for each file of a `/v1` delivery, or for one `/v1` file.
 * @throws ClientError
 */
export async function* makeLinks(
  client: Client,
  url: string,
  { lifetimeSeconds, signal }: { lifetimeSeconds?: number; signal?: AbortSignal } = {},
): AsyncGenerator<MadeLink> {
  const delivery = client.open(url)
  if (delivery.api !== 'v1') {
    throw new ClientError('bad_input', 'Links are made for a /v1 delivery or one of its files.')
  }
  const options = { once: true, ...(signal === undefined ? {} : { signal }) }
  for await (const { files } of delivery.watch(options)) {
    for (const file of files) {
      const at = `${file.id}/links`
      const json = lifetimeSeconds === undefined ? {} : { lifetimeSeconds }
      const { body } = await post(client.transport, at, { json, signal })
      const link = asObject(body)
      yield {
        name: asText(link.fileName) ?? file.name ?? '',
        url: demandText(link.url, 'url', at),
        expiresAt: asText(link.expiresAt),
      }
    }
  }
}
