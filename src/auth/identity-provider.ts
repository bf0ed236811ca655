import type { Configuration } from 'openid-client'
import { type Credential, findCredential } from '../core/accounts/credentials.ts'
import { identityLookup, linkIdentity } from '../core/accounts/identities.ts'
import type { Core } from '../core/core.ts'
import { DeliveryError } from '../core/errors.ts'
import type { KeyRing } from './key-ring.ts'
import { checkToken, signToken, type TokenKind } from './own-token.ts'

export interface IdentityProviderSettings {
  issuer: string
  clientId: string
  clientSecret: string
  /** The claim whose value is the user name here. */
  usernameClaim: string
  /** What people call it. */
  name: string
}

/** Why nobody was signed in: the portal has a sentence for each. */
export type IdentityRefusal = 'late' | 'refused' | 'unknown_account' | 'unavailable'

/** Sign-in by an OpenID Connect provider: authorization code with PKCE, state and nonce (RFC 9700 §2.1). */
export interface IdentityProvider {
  readonly name: string
  /** How long the way to the provider and back may take, in seconds. */
  readonly waySeconds: number
  /**
   * Where to send the browser, and what it must bring back in a cookie.
   * @throws DeliveryError `unavailable` when the provider does not answer
   */
  begin(wish: { redirectUrl: string }): Promise<{ url: string; ticket: string }>
  /** @param url the whole address that the browser came back to */
  finish(back: {
    url: string
    ticket: string
  }): Promise<{ credential: Credential } | { refused: IdentityRefusal; error: unknown }>
}

const kind: TokenKind = {
  purpose: 'oidc-ticket',
  type: 'oidc-ticket+jwt',
  longest: 4096,
  required: ['state', 'nonce', 'verifier'],
}

const waySeconds = 600

/** A provider that is first asked for its description when somebody signs in by it. */
export function createIdentityProvider(
  core: Core,
  ring: KeyRing,
  settings: IdentityProviderSettings,
): IdentityProvider {
  const discover = once(() => discoverProvider(settings))
  return {
    name: settings.name,
    waySeconds,
    async begin({ redirectUrl }) {
      const oidc = await import('openid-client')
      const configuration = await discover()
      const verifier = oidc.randomPKCECodeVerifier()
      const state = oidc.randomState()
      const nonce = oidc.randomNonce()
      const url = oidc.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUrl,
        scope: 'openid profile email',
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
      })
      const exp = Math.floor(core.database.now() / 1000) + waySeconds
      return { url: url.href, ticket: await signToken(ring, kind, { state, nonce, verifier, exp }) }
    },
    async finish({ url, ticket }) {
      const check = await checkToken(ring, kind, { token: ticket, now: core.database.now() })
      if ('refused' in check) return { refused: 'late', error: null }
      try {
        const identity = await redeem(await discover(), settings, { url, claims: check.claims })
        await linkIdentity(core, identity)
        const found = await findCredential(core, 'identity', identityLookup(identity))
        if (found?.status === 'usable') return { credential: found }
        return { refused: 'unknown_account', error: null }
      } catch (error) {
        return { refused: refusalOf(error), error }
      }
    },
  }
}

interface Redeemed {
  issuer: string
  subject: string
  username: string | null
}

async function redeem(
  configuration: Configuration,
  { usernameClaim }: IdentityProviderSettings,
  { url, claims }: { url: string; claims: Record<string, unknown> },
): Promise<Redeemed> {
  const oidc = await import('openid-client')
  const tokens = await oidc.authorizationCodeGrant(configuration, new URL(url), {
    pkceCodeVerifier: String(claims.verifier),
    expectedState: String(claims.state),
    expectedNonce: String(claims.nonce),
    idTokenExpected: true,
  })
  const identity = tokens.claims()
  if (identity === undefined) throw new Error('The provider sent no ID token.')
  // Many providers tell names only here.
  const facts =
    usernameClaim in identity
      ? identity
      : await oidc.fetchUserInfo(configuration, tokens.access_token, identity.sub)
  return {
    issuer: identity.iss,
    subject: identity.sub,
    username: usernameIn(facts, usernameClaim),
  }
}

/** An address that nobody has shown to be theirs is no proof of who they are. */
function usernameIn(facts: Record<string, unknown>, claim: string): string | null {
  if (claim === 'email' && facts.email_verified !== true) return null
  const value = facts[claim]
  return typeof value === 'string' && value !== '' ? value : null
}

function refusalOf(error: unknown): IdentityRefusal {
  if (error instanceof DeliveryError && error.code === 'not_found') return 'unknown_account'
  // Not reached at all, or too slow; all else is the provider's word, or an answer that is not for us.
  const unreached = error instanceof TypeError || error instanceof DeliveryError
  const late = error instanceof Error && 'code' in error && error.code === 'OAUTH_TIMEOUT'
  return unreached || late ? 'unavailable' : 'refused'
}

async function discoverProvider(settings: IdentityProviderSettings): Promise<Configuration> {
  const oidc = await import('openid-client')
  const issuer = new URL(settings.issuer)
  // Only a provider on this very machine may speak HTTP: the setting's own check says so.
  const execute = issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : []
  const { clientId, clientSecret } = settings
  try {
    return await oidc.discovery(issuer, clientId, clientSecret, undefined, { execute, timeout: 10 })
  } catch (cause) {
    throw new DeliveryError(
      'unavailable',
      `The identity provider ${issuer.host} does not answer.`,
      {
        cause,
      },
    )
  }
}

/** Remembers a success; a failure is tried again. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null
  return () => {
    running ??= work().catch((error: unknown) => {
      running = null
      throw error
    })
    return running
  }
}
