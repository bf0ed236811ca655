import type { FastifyInstance } from 'fastify'
import { openArchive } from '../../core/archives/open-archive.ts'
import { DeliveryError } from '../../core/errors.ts'
import { readOrder } from '../../core/orders/orders.ts'
import { archiveContent } from '../../http/archive-content.ts'
import { principalOf } from '../../http/authenticate.ts'
import { namedTags } from '../../http/named-tags.ts'
import { readId } from './page.ts'
import { noStore, type OrdersContext } from './routing.ts'
import { sendWhole } from './send-file.ts'

interface ById {
  Params: { id: string }
}

/**
 * All files that can be picked up now, as one ZIP of known length, which can be resumed whatever was
 * picked up since. 204 when there are none.
 */
export function archiveRoute(app: FastifyInstance, context: OrdersContext, root: string): void {
  const { core, pickups } = context
  app.get<ById>(`${root}/:id/download`, async (request, reply) => {
    const principal = principalOf(request)
    await pickups.flush()
    const id = readId(request.params.id)
    const { delivery, order } = await readOrder(core, principal, id)
    const { state } = delivery
    if (order.deleted_at !== null || state === 'canceled' || state === 'expired') {
      throw new DeliveryError('expired', 'The time of this order is over, or it was deleted.')
    }
    const tags = namedTags(request.headers)
    if (order.available === 0 && tags.length === 0) return noStore(reply).code(204).send()
    const archive = await openArchive(core, principal, {
      of: { delivery: delivery.id },
      format: 'zip',
      onlyAvailable: true,
      fileName: `order_${id}.zip`,
      tags,
    })
    if (archive.files === 0) return noStore(reply).code(204).send()
    const content = await archiveContent(core, archive, request)
    const date = new Date(archive.createdAt).toISOString().replaceAll(':', '_')
    const name = `order_${id}_${date}.zip`
    const taker = { accountId: principal.accountId, grantId: null, address: request.ip }
    await sendWhole({ request, reply }, content, {
      fileName: name,
      disposition: 'attachment',
      // Without quotes, as the live system writes it.
      headers: { 'Content-Disposition': `attachment;filename=${name}` },
      onSent: (span) => pickups.noteAll(archive.taken(span, taker)),
    })
    return reply
  })
}
