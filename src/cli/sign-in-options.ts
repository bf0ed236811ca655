import type { ClientOptions } from '../client/create-client.ts'
import type { Credentials } from '../client/credentials.ts'
import type { ApiName } from '../client/delivery.ts'
import { originOf, type Profile } from './profiles.ts'

/** What is known for signing in, wherever it came from. */
export interface Secrets extends Omit<Profile, 'url'> {
  /** The server that these are for; null when nobody said so. */
  readonly url: string | null
  /** The variable of the environment that they came from; absent: the profile. */
  readonly variable?: string
}

/** The credentials that an API takes, from what is there. */
export function credentialsFor(
  api: ApiName,
  secrets: Secrets,
  url: string,
): NonNullable<ClientOptions['credentials']> {
  if (!isMeant(api, secrets, url)) return { kind: 'none' }
  const { token, user, password, clientId, clientSecret } = secrets
  if (token !== undefined) return { kind: 'bearer', token }
  if (clientId !== undefined && clientSecret !== undefined) {
    const scope = secrets.scope ?? (api === 'imports' ? 'rostering' : undefined)
    return {
      kind: 'client-credentials',
      tokenUrl: secrets.tokenUrl ?? tokenUrlOf(api, url, null),
      ...{ clientId, clientSecret },
      ...(scope === undefined ? {} : { scope }),
    }
  }
  if (user === undefined || password === undefined) return { kind: 'none' }
  if (api !== 'orders') return { kind: 'basic', user, password }
  return passwordGrant(secrets, url, { user, password })
}

/**
 * An address that is none of an API may be anybody's: what is in the environment goes there only when
 * it is said to be for that server.
 */
function isMeant(api: ApiName, secrets: Secrets, url: string): boolean {
  if (secrets.url !== null) return originOf(secrets.url) === originOf(url)
  return api !== 'file' && api !== 'manifest'
}

/** What somebody is to do who was not let in at an address. */
export function signInHint(url: string, secrets: Secrets, kind: Credentials['kind']): string {
  const { origin } = new URL(url)
  const { token, user, clientId, variable } = secrets
  if (kind !== 'none') {
    return variable === undefined
      ? `The credentials came from the profile: run "claimcheck login ${origin}" again.`
      : `The credentials came from ${variable}: mend it, or unset it where a profile has better ones.`
  }
  if ([token, user, clientId].every((one) => one === undefined)) {
    return `${origin} wants a sign-in: set CLAIMCHECK_TOKEN, or CLAIMCHECK_USER and CLAIMCHECK_PASSWORD, with CLAIMCHECK_URL=${origin}, or run "claimcheck login ${origin}".`
  }
  const why =
    secrets.url === null
      ? 'nobody said that they are for it'
      : `they are for ${originOf(secrets.url)}`
  return `${origin} wants a sign-in, and got none of the credentials that are set, because ${why}: set CLAIMCHECK_URL=${origin}, or run "claimcheck login ${origin}".`
}

function passwordGrant(
  secrets: Secrets,
  url: string,
  said: { user: string; password: string },
): Credentials {
  const tokenUrl = secrets.tokenUrl ?? tokenUrlOf('orders', url, secrets.scope ?? null)
  return { kind: 'password-grant', tokenUrl, ...said }
}

/** Where each API gives its tokens, by its document. */
function tokenUrlOf(api: ApiName, url: string, tenant: string | null): string {
  const { origin } = new URL(url)
  const before = (shape: RegExp) => shape.exec(url)?.[1] ?? origin
  if (api === 'orders') {
    const scope = tenant === null ? '' : `?scope=${encodeURIComponent(tenant)}`
    return `${before(/^(.*)\/rs-order\//)}/rs-authentication/oauth/token${scope}`
  }
  if (api === 'imports') {
    return `${before(/^(.*?\/api\/v1)\//)}/upload/v1/oauth2/tokens`
  }
  return `${origin}/oauth2/token`
}
