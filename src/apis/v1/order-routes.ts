import { randomUUID } from 'node:crypto'
import { type Static, Type } from 'typebox'
import { issueOrderToken } from '../../auth/order-token.ts'
import {
  deleteOrder,
  orderActions,
  pauseOrder,
  removeOrder,
  restartOrder,
  resumeOrder,
  retryOrder,
} from '../../core/orders/order-actions.ts'
import { listBatches, listNewestOrders } from '../../core/orders/order-overview.ts'
import { type OrderView, placeOrder, readOrder } from '../../core/orders/orders.ts'
import { baseUrl } from '../../http/api-context.ts'
import { principalOf } from '../../http/authenticate.ts'
import { NewOrder, Order, OrderAction, SubOrder } from './order-schemas.ts'
import { limitOf, numberCursor, pageMembers, toPage } from './pages.ts'
import {
  answers,
  ByNumber,
  IdempotencyHeaders,
  idempotencyKeyOf,
  noBody,
  query,
  type V1App,
  type V1Context,
} from './routing.ts'
import { pageOf, ref } from './schema-words.ts'

const tags = ['Orders']

/** Orders: many files, prepared in sub-orders, each when the one before was picked up. */
export function orderRoutes(app: V1App, context: V1Context): void {
  reading(app, context)
  readingParts(app, context)
  placing(app, context)
  steering(app, context)
}

function reading(app: V1App, { core }: V1Context): void {
  app.get(
    '/orders',
    {
      schema: {
        tags,
        operationId: 'listOrders',
        summary: 'Your orders, newest first',
        querystring: query(pageMembers),
        response: answers({ 200: pageOf(Order) }),
      },
    },
    async (request, reply) => {
      const limit = limitOf(request.query)
      const before = numberCursor(request.query)
      const views = await listNewestOrders(core, principalOf(request), { before, limit })
      return toPage({ request, reply }, views, {
        limit,
        place: (view) => view.delivery.number,
        toItem: toOrder,
      })
    },
  )

  app.get(
    '/orders/:number',
    {
      schema: {
        tags,
        operationId: 'getOrder',
        summary: 'One order',
        params: ByNumber,
        response: answers({ 200: ref(Order) }, 404),
      },
    },
    async (request) => toOrder(await readOrder(core, principalOf(request), request.params.number)),
  )
}

/** What an order is made of, and the list by which programs fetch it. */
function readingParts(app: V1App, context: V1Context): void {
  const { core } = context
  app.get(
    '/orders/:number/sub-orders',
    {
      schema: {
        tags,
        operationId: 'listSubOrders',
        summary: 'The sub-orders of an order',
        params: ByNumber,
        querystring: query(pageMembers),
        response: answers({ 200: pageOf(SubOrder) }, 404),
      },
    },
    async (request, reply) => {
      const limit = limitOf(request.query)
      const after = numberCursor(request.query)
      const order = request.params.number
      const rows = await listBatches(core, principalOf(request), { order, after, limit })
      return toPage({ request, reply }, rows, {
        limit,
        place: (row) => row.position,
        toItem: toSubOrder,
      })
    },
  )

  app.get(
    '/orders/:number/metalink',
    {
      schema: {
        tags,
        operationId: 'getOrderMetalink',
        summary: 'The Metalink of an order, by a redirect to the orders API',
        params: ByNumber,
        response: answers({ 302: noBody('To the Metalink, in `Location`.') }, 404),
      },
    },
    async (request, reply) => {
      const { delivery } = await readOrder(core, principalOf(request), request.params.number)
      const { number: orderNumber, owner_id: ownerId, expires_at } = delivery
      const end = expires_at ?? core.database.now() + core.settings.orderSeconds * 1000
      const token = await issueOrderToken(context.signingKeys, { orderNumber, ownerId }, end)
      const place = `${baseUrl(context, request)}/api/v1/rs-order/user/orders/metalink/download`
      return reply
        .header('referrer-policy', 'no-referrer')
        .redirect(`${place}?orderToken=${token}`, 302)
    },
  )
}

function placing(app: V1App, { core }: V1Context): void {
  app.post(
    '/orders',
    {
      schema: {
        tags,
        operationId: 'placeOrder',
        summary: 'Order the files of published products that queries find',
        headers: IdempotencyHeaders,
        body: NewOrder,
        response: answers({ 201: ref(Order) }, 404, 409, 413, 415),
      },
    },
    async (request, reply) => {
      const principal = principalOf(request)
      const { queries, label = queries[0] ?? '' } = request.body
      const { number } = await placeOrder(core, principal, {
        ...{ queries, dataTypes: [], fileNamePattern: null, maxBytes: null },
        label: label.slice(0, 255),
        correlationId: randomUUID(),
        ...idempotencyKeyOf(request),
      })
      const view = await readOrder(core, principal, number)
      return reply.code(201).header('location', `/v1/orders/${number}`).send(toOrder(view))
    },
  )
}

const steps = {
  pause: pauseOrder,
  resume: resumeOrder,
  retry: retryOrder,
  delete: deleteOrder,
  remove: removeOrder,
}

function steering(app: V1App, { core }: V1Context): void {
  app.post(
    '/orders/:number/:action',
    {
      schema: {
        tags,
        operationId: 'steerOrder',
        summary: 'Pause, resume, retry, restart, delete or remove an order',
        description: '`restart` places the same order anew and answers with the new one.',
        params: Type.Object({ ...ByNumber.properties, action: OrderAction }),
        response: answers({ 200: ref(Order), 204: noBody('It is removed.') }, ...[404, 409, 415]),
      },
    },
    async (request, reply) => {
      const principal = principalOf(request)
      const { number, action } = request.params
      if (action === 'restart') {
        const placed = await restartOrder(core, principal, { number, label: null })
        return toOrder(await readOrder(core, principal, placed.number))
      }
      await steps[action](core, principal, number)
      if (action === 'remove') return reply.code(204).send(null)
      return toOrder(await readOrder(core, principal, number))
    },
  )
}

function toSubOrder(row: Static<typeof SubOrder>): Static<typeof SubOrder> {
  const { position, state, files, bytes, pending, available } = row
  return { position, state, files, bytes, pending, available }
}

function toOrder({ order, delivery, ...view }: OrderView): Static<typeof Order> {
  return {
    number: delivery.number,
    deliveryId: delivery.id,
    label: order.label,
    state: delivery.state,
    files: order.files,
    bytes: order.bytes,
    treatedBytes: order.treated_bytes,
    available: order.available,
    delivered: order.delivered,
    failed: order.failed,
    isWaitingForUser: view.isWaitingForUser,
    actions: [...orderActions(delivery, order)],
    datasets: view.datasets.map(({ label, files, bytes }) => ({ label, files, bytes })),
    createdAt: new Date(delivery.created_at).toISOString(),
    expiresAt: delivery.expires_at === null ? null : new Date(delivery.expires_at).toISOString(),
  }
}
