import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { DeliveryError } from '../../core/errors.ts'
import type { FeedItem } from '../../core/events/follow-events.ts'
import { toDelivery, toEvent } from './wire.ts'

/** How many streams one account may hold open on one node. */
const MOST_STREAMS = 20
/** How long a client may leave what was sent unread before it is dropped. */
const DRAIN_MS = 20_000
/** When a stream breaks, a browser comes back after this long. */
const RETRY_MS = 2000

/** Counts the open streams of each account. */
export interface StreamCounter {
  /**
   * Takes one of the account's places; the function returned gives it back.
   * @throws DeliveryError `too_many_requests` when there is none left
   */
  enter(accountId: string): () => void
}

/** A counter of this node alone, with no stream open yet. */
export function createStreamCounter(): StreamCounter {
  const open = new Map<string, number>()
  return {
    enter(accountId) {
      const count = open.get(accountId) ?? 0
      if (count >= MOST_STREAMS) {
        throw new DeliveryError(
          'too_many_requests',
          `An account may hold ${MOST_STREAMS} event streams at once; close one first.`,
          { details: { retryAfter: 10 } },
        )
      }
      open.set(accountId, count + 1)
      return () => {
        const left = (open.get(accountId) ?? 1) - 1
        if (left === 0) open.delete(accountId)
        else open.set(accountId, left)
      }
    },
  }
}

export interface EventStream {
  /** The place where the feed begins, so that a client that saw no event yet can come back to it. */
  after: number
  feed: AsyncIterable<FeedItem>
  signal: AbortSignal
  drainMs?: number
}

/**
 * Sends a feed as Server-Sent Events and ends the response with it. A client that does not read is
 * dropped: nothing is buffered for it beyond what its connection holds.
 */
export async function sendEventStream(
  response: ServerResponse,
  { after, feed, signal, drainMs = DRAIN_MS }: EventStream,
): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'private, no-store',
    // Proxies of the nginx kind gather answers unless they are told not to.
    'x-accel-buffering': 'no',
  })
  // An id without data is no event, but the place from which a client resumes.
  response.write(`retry: ${RETRY_MS}\nid: ${after}\n\n`)
  for await (const item of feed) {
    if (signal.aborted) break
    if (response.write(toFrame(item))) continue
    if (!(await hasDrained(response, signal, drainMs))) {
      response.destroy()
      return
    }
  }
  response.end()
}

async function hasDrained(
  response: ServerResponse,
  signal: AbortSignal,
  drainMs: number,
): Promise<boolean> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(drainMs)])
  try {
    await once(response, 'drain', { signal: patience })
    return true
  } catch {
    return false
  }
}

/** JSON has no line breaks of its own, so that one `data:` line is enough. */
function toFrame(item: FeedItem): string {
  switch (item.kind) {
    case 'event': {
      const event = toEvent(item.event)
      return `id: ${event.number}\nevent: ${event.action}\ndata: ${JSON.stringify(event)}\n\n`
    }
    case 'progress':
      return `event: progress\ndata: ${JSON.stringify(toDelivery(item.delivery))}\n\n`
    case 'beat':
      return ': still here\n\n'
  }
}
