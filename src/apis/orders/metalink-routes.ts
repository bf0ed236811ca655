import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { checkOrderToken, issueOrderToken } from '../../auth/order-token.ts'
import { findPrincipal } from '../../core/accounts/accounts.ts'
import { findOrganization } from '../../core/accounts/organizations.ts'
import type { Core } from '../../core/core.ts'
import { DeliveryError } from '../../core/errors.ts'
import { eachFile, openOrderFile } from '../../core/orders/order-contents.ts'
import type { FileOfOrder } from '../../core/orders/order-files.ts'
import { type OrderView, readOrder } from '../../core/orders/orders.ts'
import type { Principal } from '../../core/principal.ts'
import { principalOf } from '../../http/authenticate.ts'
import { formatMetalink, metalinkType } from './metalink.ts'
import { readId } from './page.ts'
import { apiBase, type OrdersContext } from './routing.ts'
import { sendFile } from './send-file.ts'

interface ById {
  Params: { id: string }
}

/** The Metalink of an order, for whoever has signed in. */
export function metalinkRoute(app: FastifyInstance, context: OrdersContext, root: string): void {
  app.get<ById>(`${root}/:id/metalink/download`, async (request, reply) => {
    const view = await readOrder(context.core, principalOf(request), readId(request.params.id))
    return await sendMetalink(context, { request, reply }, view)
  })
}

/** The same and each file for whoever has the order's token, as it stands in the Metalink's links. */
export function publicRoutes(app: FastifyInstance, context: OrdersContext, root: string): void {
  const { core } = context
  app.get(`${root}/metalink/download`, async (request, reply) => {
    const { principal, orderNumber } = await byOrderToken(context, request)
    const view = await readOrder(core, principal, orderNumber)
    return await sendMetalink(context, { request, reply }, view)
  })

  app.get<ById>(`${root}/public/files/:id`, async (request, reply) => {
    const { principal, orderNumber } = await byOrderToken(context, request)
    const { file, bytes } = await openOrderFile(core, principal, readId(request.params.id))
    if (file.order_number !== orderNumber) {
      throw new DeliveryError('not_yours', 'The token was made for another order.')
    }
    const { accountId } = principal
    await sendFile(
      context,
      { request, reply },
      { name: file.name, bytes, fileNumber: file.file_number, accountId },
    )
  })
}

/** The token stands for the order's owner, as long as that account may sign in. */
async function byOrderToken(
  { core, signingKeys }: OrdersContext,
  request: FastifyRequest,
): Promise<{ principal: Principal; orderNumber: number }> {
  const { orderToken } = request.query as Record<string, unknown>
  const claims =
    typeof orderToken === 'string'
      ? await checkOrderToken(signingKeys, orderToken, core.database.now())
      : null
  const principal = claims === null ? null : await findPrincipal(core, claims.ownerId)
  if (claims === null || principal === null) {
    throw new DeliveryError(
      'unauthenticated',
      'The order token is missing, wrong or over its time.',
    )
  }
  return { principal, orderNumber: claims.orderNumber }
}

async function sendMetalink(
  context: OrdersContext,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  { delivery, order }: OrderView,
): Promise<FastifyReply> {
  const { core, profile, signingKeys } = context
  const hasFiles = !['pending', 'failed', 'canceled', 'expired'].includes(delivery.state)
  if (!hasFiles || order.deleted_at !== null) {
    throw new DeliveryError('not_found', 'The order has no files to link to.')
  }
  const { number, owner_id: ownerId } = delivery
  const end = delivery.expires_at ?? core.database.now() + core.settings.orderSeconds * 1000
  const token = await issueOrderToken(signingKeys, { orderNumber: number, ownerId }, end)
  const files = `${apiBase(context, request)}/rs-order/orders/public/files`
  const scope = profile === 'shipped' ? await scopeOf(core, delivery.organization_id) : ''
  const urlOf = (file: FileOfOrder) => `${files}/${file.file_number}?orderToken=${token}${scope}`
  const date = new Date(core.database.now()).toISOString().replaceAll(':', '_')
  return reply
    .type(metalinkType)
    .header('cache-control', 'private, no-store')
    .header('content-disposition', `attachment;filename=order_${number}_${date}.metalink`)
    .send(Readable.from(formatMetalink(eachFile(core, number), { profile, urlOf })))
}

/** The live system's links name the tenant, too; the token says it already. */
async function scopeOf(core: Core, organizationId: string): Promise<string> {
  const organization = await findOrganization(core, organizationId)
  return organization === null ? '' : `&scope=${encodeURIComponent(organization.code)}`
}
