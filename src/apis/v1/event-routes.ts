import { Type } from 'typebox'
import { DeliveryError } from '../../core/errors.ts'
import { newestEvent } from '../../core/events/events.ts'
import { followEvents } from '../../core/events/follow-events.ts'
import { createProgressFeed } from '../../core/events/progress-feed.ts'
import { principalOf } from '../../http/authenticate.ts'
import { createStreamCounter, sendEventStream } from './event-streams.ts'
import { answers, query, signInAgain, untilLeft, type V1App, type V1Context } from './routing.ts'

const description = `Server-Sent Events: \`event:\` is the action, \`data:\` an Event as JSON, \`id:\` its number. After
a break, send the last number as \`Last-Event-ID\` (browsers do) or as \`after\`, and nothing is left
out; without either the stream begins now. \`event: progress\`, without an id, tells how far your
own deliveries are. The stream ends when your credential does.`

/** What happens, as it happens. */
export function eventRoutes(app: V1App, context: V1Context): void {
  const { core } = context
  const streams = createStreamCounter()
  const progress = createProgressFeed(core, (error) => app.log.error({ err: error }, 'Progress'))
  const signIn = signInAgain(context)
  app.get(
    '/events',
    {
      exposeHeadRoute: false,
      schema: {
        tags: ['Events'],
        operationId: 'followEvents',
        summary: 'What happens, as it happens',
        description,
        headers: Type.Object({
          'last-event-id': Type.Optional(Type.String({ examples: ['1024'] })),
        }),
        querystring: query({
          after: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
        }),
        response: answers({
          200: {
            description: 'A stream without an end.',
            content: { 'text/event-stream': { schema: { type: 'string' } } },
          },
        }),
      },
    },
    async (request, reply) => {
      const after = startOf(request) ?? (await newestEvent(core))
      const leave = streams.enter(principalOf(request).accountId)
      try {
        const signal = untilLeft(context, reply)
        const feed = followEvents(core, {
          after,
          progress,
          signal,
          async who() {
            await signIn(request, reply)
            return principalOf(request)
          },
        })
        reply.hijack()
        await sendEventStream(reply.raw, { after, feed, signal })
      } catch (error) {
        // The headers are sent: all that can be said is the end. The next request says why.
        if (!(error instanceof DeliveryError)) request.log.error({ err: error }, 'Event stream')
        reply.raw.end()
      } finally {
        leave()
      }
    },
  )
}

/** The header, which a browser sends by itself, is newer than the address that it once began with. */
function startOf(request: {
  headers: { 'last-event-id'?: string | undefined }
  query: { after?: number }
}): number | null {
  const header = request.headers['last-event-id']
  if (header === undefined || header === '') return request.query.after ?? null
  if (/^\d{1,15}$/.test(header)) return Number(header)
  throw new DeliveryError('invalid', 'Last-Event-ID is the number of an event.', {
    details: { errors: [{ path: '/last-event-id', problem: 'is not the number of an event' }] },
  })
}
