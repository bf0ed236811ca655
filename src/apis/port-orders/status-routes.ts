import type { FastifyInstance } from 'fastify'
import {
  cancelPortOrder,
  changeStatus,
  signLetter,
} from '../../core/port-orders/change-port-orders.ts'
import { findPortOrder } from '../../core/port-orders/port-orders.ts'
import { principalOf } from '../../http/authenticate.ts'
import { type ById, numberOf, type PortOrdersContext, sendDocument } from './exchange.ts'
import { attributesOf, date, isCancelled, parseStatus } from './requests.ts'
import { toCancelled, toLetter, toStatus } from './wire.ts'

/** The status of an order, its steps, and the letter of agency. */
export function statusRoutes(app: FastifyInstance, { core, dialect }: PortOrdersContext): void {
  app.get<ById>('/:id/status', async (request, reply) => {
    const order = await findPortOrder(core, principalOf(request), numberOf(request.params.id))
    return sendDocument(reply, { data: toStatus(order) }, dialect)
  })

  app.patch<ById>('/:id/status', async (request, reply) => {
    const principal = principalOf(request)
    const number = numberOf(request.params.id)
    const { status, completion_date: day } = attributesOf(request.body)
    if (isCancelled(status)) {
      const row = await cancelPortOrder(core, principal, number)
      return sendDocument(reply, { data: toCancelled(row) }, dialect)
    }
    const row = await changeStatus(core, principal, {
      number,
      to: parseStatus(status),
      ...(day == null ? {} : { completionDate: date(day, 'completion_date') }),
    })
    return sendDocument(reply, { data: toStatus(row) }, dialect)
  })

  app.get<ById>('/:id/loa', async (request, reply) => {
    const order = await findPortOrder(core, principalOf(request), numberOf(request.params.id))
    const signed = order.loa === null ? null : (JSON.parse(order.loa) as Record<string, unknown>)
    const { signed_at: _, ...letter } = signed ?? toLetter(order)
    const id = String(order.delivery_number)
    return sendDocument(reply, { data: { attributes: letter, id, type: 'loa' } }, dialect)
  })

  app.post<ById>('/:id/loa', async (request, reply) => {
    const principal = principalOf(request)
    const number = numberOf(request.params.id)
    const signed = attributesOf(request.body)
    const given = toLetter(await findPortOrder(core, principal, number))
    await signLetter(core, principal, { number, given, signed })
    return reply.code(201).send()
  })
}
