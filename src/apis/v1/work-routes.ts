import {
  claimWork,
  completeWork,
  failWork,
  keepWork,
  workQueues,
} from '../../core/outside-work/outside-work.ts'
import { waitForWork } from '../../core/outside-work/wait-for-work.ts'
import { principalOf } from '../../http/authenticate.ts'
import { Delivery } from './delivery-schemas.ts'
import {
  answers,
  ByNumber,
  noBody,
  signInAgain,
  untilLeft,
  type V1App,
  type V1Context,
} from './routing.ts'
import { ref } from './schema-words.ts'
import { toDelivery, toWork } from './wire.ts'
import {
  Completion,
  Heartbeat,
  HeartbeatAnswer,
  Work,
  WorkClaim,
  WorkFailure,
} from './work-schemas.ts'

const tags = ['Outside workers']

/** For programs outside that produce downloads, in any language. */
export function workRoutes(app: V1App, context: V1Context): void {
  claiming(app, context)
  ending(app, context)
}

function claiming(app: V1App, context: V1Context): void {
  const { core } = context
  const { leaseSeconds } = core.settings
  const signIn = signInAgain(context)
  app.post(
    '/work/claim',
    {
      schema: {
        tags,
        operationId: 'claimWork',
        summary: 'Take the next job',
        description:
          'Needs `work:<type>` for each type. With `wait` the answer comes when there is work, or after so many seconds.',
        body: WorkClaim,
        response: answers({ 200: ref(Work), 204: noBody('No work waits.') }, 413, 415),
      },
    },
    async (request, reply) => {
      const { types, worker = 'worker', wait = 0 } = request.body
      const queues = workQueues(core, principalOf(request), types)
      const signal = untilLeft(context, reply)
      const work = await waitForWork(core, { queues, forMs: wait * 1000, signal }, async () => {
        // While it waited, the credential may have been revoked.
        await signIn(request, reply)
        return await claimWork(core, principalOf(request), { types, worker })
      })
      if (work === null) return reply.code(204).send(null)
      return reply.code(200).send(toWork(work, leaseSeconds))
    },
  )

  app.post(
    '/work/:number/heartbeat',
    {
      schema: {
        tags,
        operationId: 'keepWork',
        summary: 'Keep the job, and tell how far it is',
        params: ByNumber,
        body: Heartbeat,
        response: answers({ 200: ref(HeartbeatAnswer) }, 404, 409, 413, 415),
      },
    },
    async (request) => {
      const { attempt, ...news } = request.body
      const held = { number: request.params.number, attempt }
      const { stop } = await keepWork(core, principalOf(request), { held, ...news })
      return { stop, leaseSeconds }
    },
  )
}

function ending(app: V1App, { core }: V1Context): void {
  app.post(
    '/work/:number/complete',
    {
      schema: {
        tags,
        operationId: 'completeWork',
        summary: 'Deliver what was put in',
        params: ByNumber,
        body: Completion,
        response: answers({ 200: ref(Delivery) }, 404, 409, 413, 415),
      },
    },
    async (request) => {
      const held = { number: request.params.number, attempt: request.body.attempt }
      return toDelivery(await completeWork(core, principalOf(request), held))
    },
  )

  app.post(
    '/work/:number/fail',
    {
      schema: {
        tags,
        operationId: 'failWork',
        summary: 'Give the job up',
        description:
          'It is tried again later, unless `retry` is false. What was put in is removed.',
        params: ByNumber,
        body: WorkFailure,
        response: answers({ 204: noBody('The job is no longer yours.') }, 404, 409, 413, 415),
      },
    },
    async (request, reply) => {
      const { attempt, message, retry = true } = request.body
      const held = { number: request.params.number, attempt }
      await failWork(core, principalOf(request), { held, message, retry })
      return reply.code(204).send(null)
    },
  )
}
