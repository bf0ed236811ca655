import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { findAccount } from '../../core/accounts/accounts.ts'
import type { Core } from '../../core/core.ts'
import { DeliveryError } from '../../core/errors.ts'
import {
  deleteOrder,
  pauseOrder,
  removeOrder,
  restartOrder,
  resumeOrder,
  retryOrder,
} from '../../core/orders/order-actions.ts'
import { listOwnOrders, type OrderView, placeOrder, readOrder } from '../../core/orders/orders.ts'
import type { Principal } from '../../core/principal.ts'
import { principalOf } from '../../http/authenticate.ts'
import { toApplyError } from './errors.ts'
import { toPageModel, wrap } from './listings.ts'
import { readId, readPage, spanOf } from './page.ts'
import { apiBase, noStore, type OrdersContext } from './routing.ts'
import { fromOrderRequest, toOrderModel } from './wire.ts'

interface ById {
  Params: { id: string }
}

/** Placing orders. */
export function applyRoute(app: FastifyInstance, context: OrdersContext, root: string): void {
  const { core, profile } = context
  app.post(`${root}/apply`, async (request, reply) => {
    const key = request.headers['idempotency-key']
    const asked = correlationOf(request.body)
    try {
      const placed = await placeOrder(core, principalOf(request), {
        ...fromOrderRequest(request.body),
        label: `Order of ${new Date(core.database.now()).toISOString()}`,
        ...(typeof key === 'string' ? { idempotencyKey: key } : {}),
      })
      const { number: orderId, correlationId } = placed
      return send(reply, profile === 'documented' ? 201 : 200, {
        orderId,
        status: 'GRANTED',
        correlationId,
      })
    } catch (error) {
      const refusal = error instanceof DeliveryError ? toApplyError(error) : null
      if (refusal === null) throw error
      const { type: errorType, documentedStatus } = refusal
      const isContent = errorType === 'INVALID_CONTENT' || errorType === 'FORBIDDEN'
      return send(reply, profile === 'documented' ? documentedStatus : 422, {
        status: isContent ? 'DENIED' : 'FAILED',
        errorType,
        message: (error as DeliveryError).message,
        correlationId: asked,
      })
    }
  })

  /** The live system wraps it; its documentation does not. */
  function send(reply: FastifyReply, status: number, body: object): FastifyReply {
    return noStore(reply)
      .code(status)
      .send(profile === 'documented' ? body : wrap(body))
  }
}

/** The live system makes one up, also for what it refuses. */
function correlationOf(body: unknown): string {
  const { correlationId } = (body ?? {}) as { correlationId?: unknown }
  const isGiven = typeof correlationId === 'string' && correlationId !== ''
  return isGiven && correlationId.length <= 255 ? correlationId : randomUUID()
}

/** Listing, reading and steering orders. */
export function orderRoutes(app: FastifyInstance, context: OrdersContext, root: string): void {
  const { core, profile } = context

  app.get(root, async (request, reply) => {
    const page = readPage(request.query, profile)
    const principal = principalOf(request)
    const { orders, total } = await listOwnOrders(core, principal, spanOf(page))
    const base = apiBase(context, request)
    const items = orders.map((view) => toOrderModel(view, { base, owner: principal.username }))
    const self = `${base}/rs-order${root}`
    return noStore(reply).send(toPageModel({ items, total }, { profile, page, base, self }))
  })

  app.get<ById>(`${root}/:id`, async (request, reply) => {
    const view = await readOrder(core, principalOf(request), readId(request.params.id))
    return noStore(reply).send(await toModel(context, request, view))
  })

  app.post<ById>(`${root}/:id/restart`, async (request, reply) => {
    const principal = principalOf(request)
    const { label } = (request.body ?? {}) as { label?: unknown }
    const { number } = await restartOrder(core, principal, {
      number: readId(request.params.id),
      label: typeof label === 'string' && label !== '' ? label.slice(0, 255) : null,
    })
    const view = await readOrder(core, principal, number)
    return noStore(reply).send(await toModel(context, request, view))
  })

  act('PUT', `${root}/pause/:id`, pauseOrder)
  act('PUT', `${root}/resume/:id`, resumeOrder)
  act('PUT', `${root}/:id/retry`, retryOrder)
  act('DELETE', `${root}/:id`, deleteOrder)
  act('DELETE', `${root}/remove/:id`, removeOrder)

  function act(
    method: 'PUT' | 'DELETE',
    url: string,
    action: (core: Core, principal: Principal, number: number) => Promise<void>,
  ): void {
    app.route<ById>({
      method,
      url,
      async handler(request, reply) {
        await action(core, principalOf(request), readId(request.params.id))
        return noStore(reply).code(200).send()
      },
    })
  }
}

async function toModel(context: OrdersContext, request: FastifyRequest, view: OrderView) {
  const owner = await findAccount(context.core, view.delivery.owner_id)
  return toOrderModel(view, { base: apiBase(context, request), owner: owner?.username ?? '' })
}
