import { refusalOf } from './call.ts'
import { discard, drain } from './drain.ts'
import { sendPatiently } from './patiently.ts'
import type { Place } from './remote-file.ts'
import type { Transport } from './transport.ts'

/**
 * Asks an address that redirects to a file where the file is, so that every part of it comes from
 * one place; an address that gives the bytes itself is the place.
 * @throws ClientError
 */
export async function resolvePlace(
  transport: Transport,
  url: string,
  signal?: AbortSignal,
): Promise<Place> {
  const headers = { 'accept-encoding': 'identity' }
  const answered = await sendPatiently(transport, { url, headers, follow: false, signal })
  const { response } = answered
  const location = response.headers.get('location')
  if (response.status >= 300 && response.status < 400 && location !== null) {
    await drain(response)
    const to = new URL(location, url)
    return { url: to.href, authorize: to.origin === transport.origin, renewable: true }
  }
  if (!response.ok && response.type !== 'opaqueredirect') {
    throw refusalOf(answered, await drain(response))
  }
  discard(response)
  return { url, authorize: true, renewable: true }
}
