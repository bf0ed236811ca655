import type { Static } from 'typebox'
import { DeliveryError } from '../../core/errors.ts'
import {
  announceUpload,
  listDocumentsOf,
  requestPull,
} from '../../core/port-orders/port-order-files.ts'
import {
  listNewestPortOrders,
  type PortOrderOverview,
} from '../../core/port-orders/port-order-overview.ts'
import { isOpen } from '../../core/port-orders/port-order-status.ts'
import { findPortOrder } from '../../core/port-orders/port-orders.ts'
import { grantUrl } from '../../http/api-context.ts'
import { principalOf } from '../../http/authenticate.ts'
import { limitOf, numberCursor, pageMembers, toPage } from './pages.ts'
import { AnnouncedDocument, NewDocument, PortOrder } from './port-order-schemas.ts'
import { answers, ByNumber, query, type V1App, type V1Context } from './routing.ts'
import { pageOf, ref } from './schema-words.ts'

const tags = ['Port orders']

/** Port orders and their documents. */
export function portOrderRoutes(app: V1App, context: V1Context): void {
  reading(app, context)
  adding(app, context)
}

function reading(app: V1App, { core }: V1Context): void {
  app.get(
    '/port-orders',
    {
      schema: {
        tags,
        operationId: 'listPortOrders',
        summary: 'Your port orders, newest first',
        querystring: query(pageMembers),
        response: answers({ 200: pageOf(PortOrder) }),
      },
    },
    async (request, reply) => {
      const limit = limitOf(request.query)
      const before = numberCursor(request.query)
      const rows = await listNewestPortOrders(core, principalOf(request), { before, limit })
      return toPage({ request, reply }, rows, {
        limit,
        place: (row) => row.order.delivery_number,
        toItem: toPortOrder,
      })
    },
  )

  app.get(
    '/port-orders/:number',
    {
      schema: {
        tags,
        operationId: 'getPortOrder',
        summary: 'One port order, with its documents',
        params: ByNumber,
        response: answers({ 200: ref(PortOrder) }, 404),
      },
    },
    async (request) => {
      const { number } = request.params
      const order = await findPortOrder(core, principalOf(request), number)
      const documents = await listDocumentsOf(core.database.kysely, [number])
      return toPortOrder({ order, documents: documents.get(number) ?? [] })
    },
  )
}

function adding(app: V1App, context: V1Context): void {
  const { core } = context
  app.post(
    '/port-orders/:number/documents',
    {
      schema: {
        tags,
        operationId: 'addDocument',
        summary: 'Add a document: put its bytes to a signed URL, or have it pulled from a URL',
        params: ByNumber,
        body: NewDocument,
        response: answers({ 201: ref(AnnouncedDocument) }, 404, 409, 413, 415),
      },
    },
    async (request, reply) => {
      const principal = principalOf(request)
      const { number } = request.params
      const { fileName, url } = request.body
      if (url !== undefined) {
        if (!URL.canParse(url)) {
          throw new DeliveryError('invalid', 'The URL cannot be read.', {
            details: { field: 'url' },
          })
        }
        const name = new URL(url).pathname.split('/').at(-1) || 'document'
        const { file } = await requestPull(core, principal, { number, url, name })
        return reply.code(201).send({ number: file.number, uploadUrl: null })
      }
      const { document, grant } = await announceUpload(core, principal, {
        number,
        name: fileName ?? '',
        expiredStatus: 403,
      })
      const uploadUrl = grantUrl(context, request, grant)
      return reply.code(201).send({ number: document.file.number, uploadUrl })
    },
  )
}

function toPortOrder({ order, documents }: PortOrderOverview): Static<typeof PortOrder> {
  return {
    number: order.delivery_number,
    status: order.status,
    isOpen: isOpen(order.status),
    alias: order.alias,
    phoneNumbers: order.numbers,
    documents: documents.map(({ file_number, given_name, status, message }) => ({
      number: file_number,
      name: given_name,
      status,
      message,
    })),
    createdAt: new Date(order.created_at).toISOString(),
    modifiedAt: new Date(order.modified_at).toISOString(),
  }
}
