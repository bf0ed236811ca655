import type { DeliveryError } from './errors.ts'

/**
 * The bytes of a source, as long as there are no more than `limit` of them.
 * @throws DeliveryError what `refusal` makes, at the first chunk that goes beyond
 */
export async function* atMost(
  source: AsyncIterable<Uint8Array>,
  limit: number,
  refusal: (limit: number) => DeliveryError,
): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of source) {
    size += chunk.byteLength
    if (size > limit) throw refusal(limit)
    yield chunk
  }
}
