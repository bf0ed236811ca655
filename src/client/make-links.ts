import { post } from './call.ts'
import { ClientError } from './client-error.ts'
import type { Client } from './create-client.ts'
import { asList, asObject, asText, demandText } from './json.ts'
import { lastSegment } from './last-segment.ts'

export interface MadeLink {
  readonly name: string
  /** Opens the file for everybody who has it. */
  readonly url: string
  readonly expiresAt: string | null
}

export interface LinkWish {
  readonly lifetimeSeconds?: number
  /** How many downloads each is for; as many as come when left out. */
  readonly maxUses?: number
  /** Addresses and networks that they open for. */
  readonly networks?: readonly string[]
  /** They show a page with a button. */
  readonly page?: boolean
}

/**
 * Makes a signed URL for each file of a `/v1` delivery, or for one `/v1` file. They are made many at a
 * time, all of them or none.
 * @throws ClientError
 */
export async function* makeLinks(
  client: Client,
  url: string,
  { signal, ...wish }: LinkWish & { signal?: AbortSignal } = {},
): AsyncGenerator<MadeLink> {
  const delivery = client.open(url)
  if (delivery.api !== 'v1') {
    throw new ClientError('bad_input', 'Links are made for a /v1 delivery or one of its files.')
  }
  const at = new URL(url.replace(/(\/v1\/)(?:deliveries|files)\/.*$/, '$1links')).href
  const options = { once: true, ...(signal === undefined ? {} : { signal }) }
  for await (const { files } of delivery.watch(options)) {
    const numbers = files.map((file) => Number(lastSegment(file.id)))
    for (let start = 0; start < numbers.length; start += TOGETHER) {
      const json = { ...wish, files: numbers.slice(start, start + TOGETHER) }
      const { body } = await post(client.transport, at, { json, signal })
      for (const item of asList(asObject(body).items)) {
        const link = asObject(item)
        yield {
          name: asText(link.fileName) ?? '',
          url: demandText(link.url, 'url', at),
          expiresAt: asText(link.expiresAt),
        }
      }
    }
  }
}

/** Files whose links are made in one call. */
const TOGETHER = 1000
