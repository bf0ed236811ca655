import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { listDeliveries } from '../../core/deliveries.ts'
import { isOver } from '../../core/delivery-state.ts'
import { cancelDelivery, requestDownload, retryDownload } from '../../core/downloads.ts'
import { readDelivery, readDeliveryFiles, readPickups } from '../../core/read-deliveries.ts'
import { waitUntilOver } from '../../core/wait.ts'
import type { DeliveryRow } from '../../database/tables.ts'
import { principalOf } from '../../http/authenticate.ts'
import { waitPreference } from '../../http/prefer.ts'
import {
  Delivery,
  DeliveryKind,
  DeliveryState,
  FileEntry,
  NewDelivery,
  Pickup,
} from './delivery-schemas.ts'
import { limitOf, numberCursor, pageMembers, toPage } from './pages.ts'
import {
  answers,
  ById,
  IdempotencyHeaders,
  idempotencyKeyOf,
  query,
  untilLeft,
  type V1App,
  type V1Context,
} from './routing.ts'
import { pageOf, ref } from './schema-words.ts'
import { toDelivery, toFileEntry, toPickup } from './wire.ts'

/** The longest wait that `Prefer: wait` gets, in seconds. */
const LONGEST_WAIT = 60

const tags = ['Deliveries']

/** What customers pick up. */
export function deliveryRoutes(app: V1App, context: V1Context): void {
  creation(app, context)
  listing(app, context)
  single(app, context)
  steps(app, context)
  inside(app, context)
}

function creation(app: V1App, { core }: V1Context): void {
  app.post(
    '/deliveries',
    {
      schema: {
        tags,
        operationId: 'createDelivery',
        summary: 'Ask for a download',
        headers: IdempotencyHeaders,
        body: NewDelivery,
        response: answers({ 201: ref(Delivery) }, 409, 413, 415),
      },
    },
    async (request, reply) => {
      const { type, info } = request.body
      const delivery = await requestDownload(core, principalOf(request), {
        type,
        info,
        ...idempotencyKeyOf(request),
      })
      return reply
        .code(201)
        .header('location', `/v1/deliveries/${delivery.id}`)
        .send(toDelivery(delivery))
    },
  )
}

function listing(app: V1App, { core }: V1Context): void {
  app.get(
    '/deliveries',
    {
      schema: {
        tags,
        operationId: 'listDeliveries',
        summary: 'Your deliveries, newest first',
        querystring: query({
          ...pageMembers,
          kind: Type.Optional(DeliveryKind),
          state: Type.Optional(DeliveryState),
          all: Type.Optional(
            Type.Boolean({ description: 'Of the whole organization; for administrators.' }),
          ),
        }),
        response: answers({ 200: pageOf(Delivery) }),
      },
    },
    async (request, reply) => {
      const { cursor: _cursor, limit: _limit, ...filter } = request.query
      const limit = limitOf(request.query)
      const before = numberCursor(request.query)
      const rows = await listDeliveries(core, principalOf(request), {
        ...filter,
        ...(before === null ? {} : { before }),
        limit,
      })
      return toPage({ request, reply }, rows, {
        limit,
        place: (row) => row.number,
        toItem: toDelivery,
      })
    },
  )
}

function single(app: V1App, context: V1Context): void {
  const { core } = context
  app.get(
    '/deliveries/:id',
    {
      schema: {
        tags,
        operationId: 'getDelivery',
        summary: 'One delivery, at once or when it is over',
        description:
          '`Prefer: wait=N` (RFC 7240) answers when the delivery is over, or after N seconds (60 at most) as it is then.',
        headers: Type.Object({
          prefer: Type.Optional(Type.String({ examples: ['wait=30'] })),
        }),
        params: ById,
        response: answers({ 200: ref(Delivery) }, 404),
      },
    },
    async (request, reply) => {
      reply.header('vary', 'Prefer')
      const found = await readDelivery(core, principalOf(request), request.params.id)
      const wait = waitPreference(request.headers.prefer, LONGEST_WAIT)
      if (wait === null) return sendDelivery(reply, found)
      const signal = untilLeft(context, reply)
      const delivery = await waitUntilOver(core, found, { forMs: wait * 1000, signal })
      return sendDelivery(reply.header('preference-applied', `wait=${wait}`), delivery)
    },
  )
}

/** How soon to ask again, in seconds, without `Prefer: wait`. */
const ASK_AGAIN = 2

function sendDelivery(reply: FastifyReply, delivery: DeliveryRow): FastifyReply {
  if (!isOver(delivery.state)) reply.header('retry-after', ASK_AGAIN)
  return reply.send(toDelivery(delivery))
}

function steps(app: V1App, { core }: V1Context): void {
  app.post(
    '/deliveries/:id/cancel',
    {
      schema: {
        tags,
        operationId: 'cancelDelivery',
        summary: 'Stop what is not over',
        params: ById,
        response: answers({ 200: ref(Delivery) }, 404, 409, 415),
      },
    },
    async (request) =>
      toDelivery(await cancelDelivery(core, principalOf(request), request.params.id)),
  )

  app.post(
    '/deliveries/:id/retry',
    {
      schema: {
        tags,
        operationId: 'retryDelivery',
        summary: 'Try again what failed or was cancelled',
        params: ById,
        response: answers({ 200: ref(Delivery) }, 404, 409, 415),
      },
    },
    async (request) =>
      toDelivery(await retryDownload(core, principalOf(request), request.params.id)),
  )
}

function inside(app: V1App, { core }: V1Context): void {
  app.get(
    '/deliveries/:id/files',
    {
      schema: {
        tags,
        operationId: 'listDeliveryFiles',
        summary: 'The files of a delivery, with their digests',
        params: ById,
        querystring: query(pageMembers),
        response: answers({ 200: pageOf(FileEntry) }, 404),
      },
    },
    async (request, reply) => {
      const limit = limitOf(request.query)
      const after = numberCursor(request.query)
      const { delivery, files } = await readDeliveryFiles(core, principalOf(request), {
        id: request.params.id,
        ...(after === null ? {} : { after }),
        limit,
      })
      return toPage({ request, reply }, files, {
        limit,
        place: (row) => row.number,
        toItem: (row) => toFileEntry(delivery, row, row),
      })
    },
  )

  app.get(
    '/pickups',
    {
      schema: {
        tags,
        operationId: 'listPickups',
        summary: 'Who took which file of a delivery',
        querystring: query({ ...pageMembers, delivery: Type.String({ maxLength: 100 }) }),
        response: answers({ 200: pageOf(Pickup) }, 404),
      },
    },
    async (request, reply) => {
      const limit = limitOf(request.query)
      const after = numberCursor(request.query)
      const rows = await readPickups(core, principalOf(request), {
        id: request.query.delivery,
        ...(after === null ? {} : { after }),
        limit,
      })
      return toPage({ request, reply }, rows, {
        limit,
        place: (row) => row.number,
        toItem: toPickup,
      })
    },
  )
}
