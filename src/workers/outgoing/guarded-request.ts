import { type LookupAddress, lookup } from 'node:dns'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { DeliveryError } from '../../core/errors.ts'
import type { AddressCheck } from './public-address.ts'

/** All addresses of a host name. */
export type Resolve = (host: string) => Promise<LookupAddress[]>

/** What requests to URLs that customers name are held to. */
export interface Guard {
  readonly mayConnect: AddressCheck
  /** The system's resolver when left out. */
  readonly resolve?: Resolve
}

export interface GuardedRequest {
  method: 'GET' | 'POST'
  headers: Record<string, string>
  body?: string
  /** Ends the request, and the reading of its answer. */
  signal: AbortSignal
}

/**
 * Sends one request, follows nothing. The address is checked as it is connected to, so that a name
 * that resolves differently a moment later gains nothing; all addresses of a name must pass.
 * @throws DeliveryError `invalid` for a URL that may not be asked, Error when the network fails
 */
export async function requestGuarded(
  url: URL,
  guard: Guard,
  { method, headers, body, signal }: GuardedRequest,
): Promise<IncomingMessage> {
  checkUrl(url, guard)
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  return await new Promise((resolve, reject) => {
    const request = send(url, {
      method,
      headers,
      signal,
      // A connection of its own: none that was made for another purpose is used again.
      agent: false,
      lookup: guardedLookup(guard),
    })
    request.once('error', reject)
    request.once('response', resolve)
    request.end(body)
  })
}

/** @throws DeliveryError `invalid` */
function checkUrl(url: URL, { mayConnect }: Guard): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new DeliveryError('invalid', 'Only http:// and https:// URLs can be asked.')
  }
  if (url.username !== '' || url.password !== '') {
    throw new DeliveryError('invalid', 'A URL with credentials in it is not asked.')
  }
  // Decimal, octal and hexadecimal forms have become dotted ones by parsing (WHATWG URL §3.5).
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // An address is connected to without a look-up.
  if (isIP(host) !== 0 && !mayConnect(host)) throw notPublic()
}

function guardedLookup({ mayConnect, resolve = resolveBySystem }: Guard): LookupFunction {
  return (host, options, callback) => {
    resolve(host).then(
      (addresses) => {
        const family =
          options.family === 'IPv4' ? 4 : options.family === 'IPv6' ? 6 : options.family
        const fitting = addresses.filter((one) => !family || one.family === family)
        const [first] = fitting
        if (first === undefined) callback(new Error(`${host} has no address.`), '', 0)
        else if (!addresses.every(({ address }) => mayConnect(address))) {
          callback(notPublic(), '', 0)
        } else if (options.all) callback(null, fitting)
        else callback(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    )
  }
}

function resolveBySystem(host: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(host, { all: true }, (error, addresses) => {
      if (error === null) resolve(addresses)
      else reject(error)
    })
  })
}

function notPublic(): DeliveryError {
  return new DeliveryError('invalid', 'The URL leads to an address that is not public.')
}
