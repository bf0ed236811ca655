import { type Credential, findCredential } from '../core/accounts/credentials.ts'
import { DeliveryError } from '../core/errors.ts'
import { accessTokenSeconds } from './access-token.ts'
import { parseAuthorization } from './authorization-header.ts'
import { isSecret } from './secret.ts'
import type { SignIn } from './sign-in.ts'

/** A request for an access token (RFC 6749 §3.2), however its form was encoded. */
export interface TokenRequest {
  authorization: string | undefined
  /** Names and values in the order in which they came, repeated ones included. */
  fields: readonly (readonly [name: string, value: string])[]
  /** The client's address. */
  address: string
}

/** What RFC 6749 §5.1 calls a successful response. */
export interface TokenSuccess {
  access_token: string
  token_type: 'Bearer'
  /** In seconds. */
  expires_in: number
  scope?: string
}

/** The codes of RFC 6749 §5.2, and one for what it has no word for. */
export type TokenErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'temporarily_unavailable'

export interface TokenFailure {
  error: TokenErrorCode
  error_description: string
}

export interface TokenAnswer {
  status: number
  headers: Record<string, string>
  body: TokenSuccess | TokenFailure
}

/**
 * Answers at a token endpoint where clients come with credentials of their own: the grant
 * `client_credentials` (RFC 6749 §4.4). Never rejects for what the client did.
 */
export async function answerTokenRequest(
  signIn: SignIn,
  request: TokenRequest,
): Promise<TokenAnswer> {
  try {
    const form = readForm(request.fields)
    const grantType = form.get('grant_type')
    if (grantType === undefined) {
      throw new TokenError('invalid_request', 'The parameter grant_type is missing.')
    }
    const client = await authenticateClient(signIn, request, form)
    if (grantType !== 'client_credentials') {
      throw new TokenError('unsupported_grant_type', 'Only client_credentials is supported here.')
    }
    return success(await clientCredentialsGrant(signIn, client, form.get('scope')))
  } catch (error) {
    return failure(error)
  }
}

/**
 * A token for a client (§4.4).
 * @param scope what is asked for; all that the client may have when undefined (§3.3)
 * @throws TokenError `invalid_scope`
 */
export async function clientCredentialsGrant(
  { accessTokens }: SignIn,
  client: Credential,
  scope: string | undefined,
): Promise<TokenSuccess> {
  const allowed = client.scopes ?? []
  const asked = scope === undefined ? allowed : [...new Set(scope.split(' '))]
  if (asked.length === 0 || asked.some((one) => !allowed.includes(one))) {
    throw new TokenError('invalid_scope', 'This client may not ask for this scope.')
  }
  return {
    access_token: await accessTokens.issue(client, asked),
    token_type: 'Bearer',
    expires_in: accessTokenSeconds,
    scope: asked.join(' '),
  }
}

/**
 * A token for a user name and a password (§4.3), standing for the whole account. It is no part of
 * the endpoint above: an API that documents this grant calls it and says the rest itself.
 * @throws TokenError `invalid_grant`; DeliveryError `locked_out`, `unavailable`
 */
export async function passwordGrant(
  { accessTokens, passwords }: SignIn,
  attempt: { username: string; password: string; address: string },
): Promise<{ token: TokenSuccess; credential: Credential }> {
  const credential = await passwords.check(attempt)
  if (credential === null) {
    throw new TokenError('invalid_grant', 'The user name or the password is wrong.')
  }
  const token: TokenSuccess = {
    access_token: await accessTokens.issue(credential, null),
    token_type: 'Bearer',
    expires_in: accessTokenSeconds,
  }
  return { token, credential }
}

/** A refusal of the token endpoint. */
export class TokenError extends Error {
  readonly code: TokenErrorCode

  constructor(code: TokenErrorCode, description: string) {
    super(description)
    this.name = 'TokenError'
    this.code = code
  }
}

/** §3.2: a parameter must not be repeated; one without a value counts as left out. */
function readForm(fields: TokenRequest['fields']): Map<string, string> {
  const seen = new Set<string>()
  const form = new Map<string, string>()
  for (const [name, value] of fields) {
    if (seen.has(name)) throw new TokenError('invalid_request', 'A parameter is repeated.')
    seen.add(name)
    if (value !== '') form.set(name, value)
  }
  return form
}

interface ClientSecret {
  clientId: string
  clientSecret: string
}

async function authenticateClient(
  { core, backoff }: SignIn,
  request: TokenRequest,
  form: Map<string, string>,
): Promise<Credential> {
  const { clientId, clientSecret } = clientOf(request, form)
  const found = await findCredential(core, 'client', clientId)
  if (isSecret(clientSecret, found?.secretHash ?? null) && found?.status === 'usable') return found
  // As with key pairs, only the wrong ones are slowed down.
  backoff.begin(`client:${clientId}`, request.address).fail()
  throw new TokenError('invalid_client', 'The client id or the client secret is wrong.')
}

/** §2.3.1: Basic, or both parts in the body; never two ways at once (§2.3). */
function clientOf({ authorization }: TokenRequest, form: Map<string, string>): ClientSecret {
  const sent = parseAuthorization(authorization)
  const clientId = form.get('client_id')
  const clientSecret = form.get('client_secret')
  if (sent.scheme === 'none') {
    if (clientId !== undefined && clientSecret !== undefined) return { clientId, clientSecret }
    throw new TokenError('invalid_client', 'The client id or the client secret is missing.')
  }
  if (sent.scheme !== 'basic') {
    throw new TokenError(
      'invalid_client',
      'The Authorization header is not Basic, or not readable.',
    )
  }
  const basic = { clientId: formDecoded(sent.username), clientSecret: formDecoded(sent.password) }
  if (clientSecret !== undefined || (clientId !== undefined && clientId !== basic.clientId)) {
    throw new TokenError(
      'invalid_request',
      'Client credentials were sent both in the Authorization header and in the body.',
    )
  }
  return basic
}

/** §2.3.1: both parts are form-encoded before they become Basic; some libraries encode "-" and "_" as well. */
function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

/** §5.1 */
const noStore = { 'Cache-Control': 'no-store', Pragma: 'no-cache' }

function success(body: TokenSuccess): TokenAnswer {
  return { status: 200, headers: { ...noStore }, body }
}

function failure(error: unknown): TokenAnswer {
  if (error instanceof TokenError) {
    const body = { error: error.code, error_description: error.message }
    if (error.code !== 'invalid_client') return { status: 400, headers: { ...noStore }, body }
    const challenge = 'Basic realm="Claimcheck", charset="UTF-8"'
    return { status: 401, headers: { ...noStore, 'WWW-Authenticate': challenge }, body }
  }
  if (error instanceof DeliveryError && typeof error.details.retryAfter === 'number') {
    return {
      status: error.code === 'locked_out' ? 429 : 503,
      headers: { ...noStore, 'Retry-After': String(error.details.retryAfter) },
      body: { error: 'temporarily_unavailable', error_description: error.message },
    }
  }
  throw error
}
