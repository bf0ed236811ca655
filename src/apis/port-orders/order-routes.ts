import type { FastifyInstance, FastifyRequest } from 'fastify'
import { DeliveryError } from '../../core/errors.ts'
import {
  addNumbersToGroup,
  cancelPortOrder,
  changeNumbers,
  findPortOrderGroup,
  updatePortOrder,
} from '../../core/port-orders/change-port-orders.ts'
import { listDocumentsOf } from '../../core/port-orders/port-order-files.ts'
import type { PortOrder } from '../../core/port-orders/port-order-numbers.ts'
import { searchPortOrders } from '../../core/port-orders/port-order-search.ts'
import { createPortOrders, findPortOrder } from '../../core/port-orders/port-orders.ts'
import { sortByPortability } from '../../core/port-orders/portability.ts'
import { callbackSecrets, formatSecret } from '../../core/port-orders/status-callbacks.ts'
import { principalOf } from '../../http/authenticate.ts'
import { type ById, numberOf, type PortOrdersContext, sendDocument } from './exchange.ts'
import {
  attributesOf,
  fromAttributes,
  fromNewOrder,
  fromNumbers,
  fromNumbersToCheck,
  isCancelled,
} from './requests.ts'
import { asksForGroup, parseSearch, type RawQuery } from './search-query.ts'
import { type Resource, toCancelled, toGroup, toList, toOrder, toPortability } from './wire.ts'

/** Create, search, view and change orders. */
export function orderRoutes(app: FastifyInstance, context: PortOrdersContext): void {
  placing(app, context)
  reading(app, context)
  changing(app, context)
  changingNumbers(app, context)
}

function placing(app: FastifyInstance, context: PortOrdersContext): void {
  const { core, dialect, base } = context

  app.post('/', async (request, reply) => {
    const principal = principalOf(request)
    const words = fromNewOrder(request.body)
    const key = request.headers['idempotency-key']
    const { group, orders } = await createPortOrders(core, principal, {
      ...words,
      ...(typeof key === 'string' ? { idempotencyKey: key } : {}),
    })
    const [only, ...more] = await resources(context, request, orders)
    const [secret] = words.statusUrl == null ? [] : callbackSecrets(core, principal.accountId)
    const meta = secret === undefined ? {} : { meta: { callback_secret: formatSecret(secret) } }
    const data =
      only !== undefined && more.length === 0
        ? only
        : toGroup(await findPortOrderGroup(core, principal, group), base(request))
    reply.code(201).header('Location', data.links?.self ?? base(request))
    return sendDocument(reply, { data, ...meta }, dialect)
  })

  app.post('/portability', async (request, reply) => {
    const numbers = fromNumbersToCheck(request.body)
    const found = toPortability(sortByPortability(principalOf(request), numbers))
    // JSON:API has resources in `data`, and this is none.
    return sendDocument(reply, dialect.strict ? { meta: found } : { data: found }, dialect)
  })
}

function reading(app: FastifyInstance, context: PortOrdersContext): void {
  const { core, dialect, base } = context

  app.get<{ Querystring: RawQuery }>('/', async (request, reply) => {
    const group = asksForGroup(request.query)
    if (group !== null) {
      const found = await findPortOrderGroup(core, principalOf(request), group)
      return sendDocument(reply, { data: toGroup(found, base(request)) }, dialect)
    }
    return sendDocument(reply, await search(context, request), dialect)
  })

  app.get<ById>('/:id', async (request, reply) => {
    const order = await findPortOrder(core, principalOf(request), numberOf(request.params.id))
    return sendDocument(reply, { data: await resource(context, request, order) }, dialect)
  })
}

function changing(app: FastifyInstance, context: PortOrdersContext): void {
  const { core, dialect } = context

  app.patch<ById>('/:id', async (request, reply) => {
    const principal = principalOf(request)
    const number = numberOf(request.params.id)
    const attributes = attributesOf(request.body)
    if (isCancelled(attributes.status)) {
      const row = await cancelPortOrder(core, principal, number)
      return sendDocument(reply, { data: toCancelled(row) }, dialect)
    }
    const words = fromAttributes(attributes)
    const order = await updatePortOrder(core, principal, { number, words })
    return sendDocument(reply, { data: await resource(context, request, order) }, dialect)
  })
}

function changingNumbers(app: FastifyInstance, context: PortOrdersContext): void {
  const { core, dialect, base } = context

  app.patch<ById>('/:id/relationships/numbers', async (request, reply) => {
    const order = await changeNumbers(core, principalOf(request), {
      number: numberOf(request.params.id),
      add: fromNumbers(request.body, 'add'),
      remove: fromNumbers(request.body, 'remove'),
    })
    return sendDocument(reply, { data: await resource(context, request, order) }, dialect)
  })

  app.post<ById>('/:id/numbers', async (request, reply) => {
    const group = await addNumbersToGroup(core, principalOf(request), {
      number: numberOf(request.params.id, 'port order group'),
      add: fromNumbers(request.body, 'add'),
    })
    return sendDocument(reply, { data: toGroup(group, base(request)) }, dialect)
  })
}

async function search(
  context: PortOrdersContext,
  request: FastifyRequest<{ Querystring: RawQuery }>,
): Promise<Record<string, unknown>> {
  const { core, dialect } = context
  const query = parseSearch(request.query)
  // One more than is shown tells whether there is a next page.
  const found = await searchPortOrders(core, principalOf(request), {
    ...query,
    limit: query.limit + 1,
  })
  if (found.length === 0 && dialect.profile === 'shipped') {
    throw new DeliveryError('not_found', 'No such port order')
  }
  const { limit, offset } = query
  const at = (start: number) => pageLink(context.base(request), request, { limit, offset: start })
  return toList({
    orders: await resources(context, request, found.slice(0, limit)),
    links: {
      self: at(offset),
      next: found.length <= limit ? null : at(offset + limit),
      prev: offset === 0 ? null : at(Math.max(0, offset - limit)),
    },
    dialect,
  })
}

function pageLink(
  base: string,
  request: FastifyRequest,
  page: { limit: number; offset: number },
): string {
  const url = new URL(request.url, 'http://localhost')
  url.searchParams.set('limit', String(page.limit))
  url.searchParams.set('offset', String(page.offset))
  return `${base}?${url.searchParams}`
}

async function resource(
  context: PortOrdersContext,
  request: FastifyRequest,
  order: PortOrder,
): Promise<Resource | undefined> {
  return (await resources(context, request, [order]))[0]
}

async function resources(
  { core, dialect, base }: PortOrdersContext,
  request: FastifyRequest,
  orders: readonly PortOrder[],
): Promise<Resource[]> {
  const numbers = orders.map((order) => order.delivery_number)
  const documents = await listDocumentsOf(core.database.kysely, numbers)
  return orders.map((order) =>
    toOrder(order, {
      documents: documents.get(order.delivery_number) ?? [],
      base: base(request),
      dialect,
    }),
  )
}
