import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { openProductFile } from '../../core/orders/order-contents.ts'
import { principalOf } from '../../http/authenticate.ts'
import type { OrdersContext } from './routing.ts'
import { sendFile } from './send-file.ts'

interface ByChecksum {
  Params: { urn: string; checksum: string }
}

/** Files by their product: as the document prints the address, and as the live system has it. */
export function catalogRoutes(app: FastifyInstance, context: OrdersContext): void {
  app.get<ByChecksum>('/:urn/files/:checksum', send)
  app.get<ByChecksum>('/downloads/:urn/files/:checksum', send)

  async function send(request: FastifyRequest<ByChecksum>, reply: FastifyReply): Promise<void> {
    const principal = principalOf(request)
    const { urn, checksum } = request.params
    const { name, storedFileId, bytes } = await openProductFile(context.core, principal, {
      urn,
      md5: checksum,
    })
    const { accountId } = principal
    // It counts for every open order of the account that holds it.
    await sendFile(
      context,
      { request, reply },
      { name, bytes, fileNumber: { storedFileId }, accountId },
    )
  }
}
