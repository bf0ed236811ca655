import type { FastifyRequest } from 'fastify'
import type { KeyRing } from '../auth/key-ring.ts'
import type { SignIn } from '../auth/sign-in.ts'
import { signUrl } from '../auth/signed-url.ts'
import type { Core } from '../core/core.ts'
import { DeliveryError } from '../core/errors.ts'
import type { PickupRecorder } from '../core/pickups.ts'
import type { GrantRow } from '../database/tables.ts'

/** What every API is given. */
export interface ApiContext {
  readonly core: Core
  readonly signIn: SignIn
  readonly signingKeys: KeyRing
  readonly pickups: PickupRecorder
  /** Where customers reach the server, without a slash at the end; null: as the request says. */
  readonly publicUrl: string | null
}

/**
 * The beginning of absolute links, without a slash at the end. The request's own host counts only
 * where the operator has not said one; forwarded headers only from trusted proxies (Fastify sees to it).
 * @throws DeliveryError `malformed` when the request names no host that a link can begin with
 */
export function baseUrl(context: ApiContext, request: FastifyRequest): string {
  if (context.publicUrl !== null) return context.publicUrl
  // RFC 9112 §3.2: an invalid Host is a bad request. `a/b` or `user@b` would lead a link elsewhere.
  if (!hostForm.test(request.host)) {
    throw new DeliveryError('malformed', 'The Host of the request is not a host name with a port.')
  }
  return `${request.protocol}://${request.host}`
}

const hostForm = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i

/** The absolute signed URL of a grant. */
export function grantUrl(context: ApiContext, request: FastifyRequest, grant: GrantRow): string {
  const target = signUrl(context.signingKeys, {
    grantId: grant.id,
    fileName: grant.file_name,
    method: grant.method,
    expiresAt: grant.expires_at,
  })
  return baseUrl(context, request) + target
}
