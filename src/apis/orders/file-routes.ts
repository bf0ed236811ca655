import type { FastifyInstance, FastifyRequest } from 'fastify'
import {
  openOrderFile,
  pageAvailable,
  pageAvailableOfBatch,
  pageDataset,
} from '../../core/orders/order-contents.ts'
import { principalOf } from '../../http/authenticate.ts'
import { listingStatus, toFilesPage, toPageModel, wrap } from './listings.ts'
import { readId, readPage, spanOf } from './page.ts'
import { apiBase, noStore, type OrdersContext } from './routing.ts'
import { sendFile } from './send-file.ts'
import { toAnyFile } from './wire.ts'

interface OfOrder {
  Params: { id: string }
}

interface OfPart {
  Params: { id: string; part: string }
}

/** The files of orders, at `/user/orders` and at `/orders`: the document's table and its curl differ. */
export function fileRoutes(app: FastifyInstance, context: OrdersContext, root: string): void {
  const { core, profile, pickups } = context

  app.get<OfOrder>(`${root}/:id/files/available`, async (request, reply) => {
    const page = readPage(request.query, profile)
    // What went out to the caller a moment ago is on no list any more.
    await pickups.flush()
    const found = await pageAvailable(core, principalOf(request), {
      order: readId(request.params.id),
      page: spanOf(page),
    })
    const status = listingStatus(found, { profile })
    noStore(reply).code(status)
    if (status === 204) return reply.send()
    return reply.send(toFilesPage(found, { profile, page, ...whereOf(context, request) }))
  })

  app.get<OfPart>(`${root}/:id/filesTask/:part/files/available`, async (request, reply) => {
    const page = readPage(request.query, profile)
    await pickups.flush()
    const found = await pageAvailableOfBatch(core, principalOf(request), {
      order: readId(request.params.id),
      batch: readId(request.params.part),
      page: spanOf(page),
    })
    const status = listingStatus(found, { profile, isPartOver: found.isBatchOver })
    noStore(reply).code(status)
    if (status === 204) return reply.send()
    return reply.send(toFilesPage(found, { profile, page, ...whereOf(context, request) }))
  })

  app.get<OfPart>(`${root}/:id/dataset/:part/files`, async (request, reply) => {
    const page = readPage(request.query, profile)
    await pickups.flush()
    const { files, total } = await pageDataset(core, principalOf(request), {
      order: readId(request.params.id),
      dataset: readId(request.params.part),
      page: spanOf(page),
    })
    const where = whereOf(context, request)
    const items = files.map((file) => wrap(toAnyFile(file, where.base)))
    return noStore(reply).send(toPageModel({ items, total }, { profile, page, ...where }))
  })

  app.get<OfOrder>(`${root}/files/:id`, async (request, reply) => {
    const principal = principalOf(request)
    const { file, bytes } = await openOrderFile(core, principal, readId(request.params.id))
    const { accountId } = principal
    await sendFile(
      context,
      { request, reply },
      { name: file.name, bytes, fileNumber: file.file_number, accountId },
    )
  })
}

function whereOf(context: OrdersContext, request: FastifyRequest) {
  const base = apiBase(context, request)
  const path = request.url.split('?', 1)[0] ?? ''
  return { base, self: `${base.slice(0, -'/api/v1'.length)}${path}` }
}
