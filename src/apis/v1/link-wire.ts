import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { networksOf } from '../../core/grants/grant-limits.ts'
import type { UseCount } from '../../core/grants/grant-uses.ts'
import type { GrantRow, GrantUseRow } from '../../database/tables.ts'
import { grantUrl } from '../../http/api-context.ts'
import type { IssuedLink, Link, LinkDetail } from './link-schemas.ts'
import type { V1Context } from './routing.ts'
import { toNullableTime, toTime } from './wire.ts'

/** A link that was made just now, with its URL, which nobody is told again. */
export function toIssuedLink(
  context: V1Context,
  request: FastifyRequest,
  grant: GrantRow,
): Static<typeof IssuedLink> {
  return { ...facts(grant), url: grantUrl(context, request, grant) }
}

/** @param count of its uses; undefined when it has none */
export function toLink(grant: GrantRow, count: UseCount | undefined): Static<typeof Link> {
  const isCounted = grant.max_uses !== null
  return {
    ...facts(grant),
    used: isCounted ? (count?.used ?? 0) : null,
    open: isCounted ? (count?.open ?? 0) : null,
  }
}

/** A link with who has used it. */
export function toLinkDetail(
  grant: GrantRow,
  count: UseCount | undefined,
  uses: readonly GrantUseRow[],
): Static<typeof LinkDetail> {
  return {
    ...toLink(grant, count),
    uses: uses.map((use) => ({
      address: use.address,
      agent: use.agent,
      bytesSent: use.bytes_sent,
      startedAt: toTime(use.started_at),
      updatedAt: toTime(use.updated_at),
      usedAt: toNullableTime(use.burnt_at),
    })),
  }
}

function facts(grant: GrantRow) {
  return {
    id: grant.id,
    fileNumber: grant.file_number,
    archiveId: grant.archive_id,
    uploadId: grant.upload_id,
    fileName: grant.file_name,
    disposition: grant.disposition,
    ownerId: grant.account_id,
    createdAt: toTime(grant.created_at),
    expiresAt: toTime(grant.expires_at),
    revokedAt: toNullableTime(grant.revoked_at),
    maxUses: grant.max_uses,
    networks: networksOf(grant),
    page: grant.method === 'PAGE',
  }
}
