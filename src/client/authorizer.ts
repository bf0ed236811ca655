import { ClientError } from './client-error.ts'
import { codeOfStatus, isPassingStatus } from './code-of-status.ts'
import { type Credentials, formatBasic } from './credentials.ts'
import { drain } from './drain.ts'
import { shownUrl } from './shown-url.ts'

/** Gives the Authorization field; tokens that it fetched are renewed before they end. */
export interface Authorizer {
  /** null where nobody signs in. */
  header(signal?: AbortSignal): Promise<string | null>
  /**
   * The server refused `header`: forgets it, when it was fetched and can be fetched anew.
   * @returns whether another attempt makes sense
   */
  renew(header: string | null): boolean
}

interface HeldToken {
  readonly header: string
  /** When to fetch the next one, in ms since the epoch. */
  readonly renewAt: number
}

export interface AuthorizerOptions {
  /** Carries the token request; it must not sign in by itself. */
  send(url: string, init: RequestInit): Promise<Response>
  now(): number
  /** The `hint` of the error when no token is given. */
  readonly signInHint: string | null
}

/** Signs in by credentials; tokens are fetched when they are wanted. */
export function createAuthorizer(credentials: Credentials, options: AuthorizerOptions): Authorizer {
  const { now } = options
  if (credentials.kind !== 'password-grant' && credentials.kind !== 'client-credentials') {
    const fixed = fixedHeader(credentials)
    return { header: async () => fixed, renew: () => false }
  }
  let held: HeldToken | null = null
  let fetching: Promise<HeldToken> | null = null
  return {
    async header(signal) {
      if (held !== null && now() < held.renewAt) return held.header
      // One request however many ask at once; a caller that leaves does not take it from the others.
      fetching ??= fetchToken(credentials, options).finally(() => {
        fetching = null
      })
      const token = await fetching
      signal?.throwIfAborted()
      held = token
      return token.header
    },
    renew(header) {
      if (held !== null && held.header === header) held = null
      return true
    },
  }
}

function fixedHeader(
  credentials: Exclude<Credentials, { kind: 'password-grant' | 'client-credentials' }>,
): string | null {
  if (credentials.kind === 'none') return null
  if (credentials.kind === 'bearer') return `Bearer ${credentials.token}`
  return formatBasic(credentials.user, credentials.password)
}

type Granted = Extract<Credentials, { tokenUrl: string }>

async function fetchToken(
  credentials: Granted,
  { send, now, signInHint: hint }: AuthorizerOptions,
): Promise<HeldToken> {
  const asked = now()
  const response = await send(credentials.tokenUrl, tokenRequest(credentials))
  const text = await drain(response, 1_000_000)
  const body = parse(text)
  const { access_token: token, expires_in: seconds } = body
  const { status } = response
  if (isPassingStatus(status)) {
    const sentence = `${shownUrl(credentials.tokenUrl)} gives no token now (${status}).`
    throw new ClientError(codeOfStatus(status), sentence, { details: { status } })
  }
  if (!response.ok || typeof token !== 'string') {
    throw new ClientError(
      'unauthenticated',
      `${shownUrl(credentials.tokenUrl)} gives no token (${status})${reason(body)}.`,
      { details: { status }, hint },
    )
  }
  const lifetime = (Number(seconds) || 300) * 1000
  // A minute before the end, or a fifth of a short life.
  return { header: `Bearer ${token}`, renewAt: asked + lifetime - Math.min(60_000, lifetime / 5) }
}

function tokenRequest(credentials: Granted): RequestInit {
  const form = 'application/x-www-form-urlencoded'
  if (credentials.kind === 'client-credentials') {
    const { clientId, clientSecret, scope } = credentials
    const fields = new URLSearchParams({ grant_type: 'client_credentials' })
    fields.set('client_id', clientId)
    fields.set('client_secret', clientSecret)
    if (scope !== undefined) fields.set('scope', scope)
    return { method: 'POST', headers: { 'content-type': form }, body: fields.toString() }
  }
  const { user, password, clientId = 'client', clientSecret = 'secret' } = credentials
  const body = { grant_type: 'password', username: user, password }
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: formatBasic(clientId, clientSecret),
    },
    body: JSON.stringify(body),
  }
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function reason({ error_description: description, error }: Record<string, unknown>): string {
  const said = typeof description === 'string' ? description : error
  return typeof said === 'string' ? `: ${said.slice(0, 200).replace(/\.$/, '')}` : ''
}
