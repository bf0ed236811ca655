import type { DeliveryRow, EventRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { deliveryThing } from '../deliveries.ts'
import { may } from '../may.ts'
import type { Principal } from '../principal.ts'
import { createBell } from './bell.ts'
import { listEvents } from './events.ts'
import type { ProgressFeed } from './progress-feed.ts'

/** Signals can be lost between nodes: a follower looks by itself this often. */
const LOOK_MS = 2000
/** An event may be hidden for a moment (`listEvents`): whoever was woken looks once more. */
const LOOK_AGAIN_MS = 100
/** After this long without anything to tell, a sign of life. */
const BEAT_MS = 15_000
const BATCH = 200

/** What a follower is told: events, which last; progress, which does not; or that it is still there. */
export type FeedItem =
  | { readonly kind: 'event'; readonly event: EventRow }
  | { readonly kind: 'progress'; readonly delivery: DeliveryRow }
  | { readonly kind: 'beat' }

export interface Following {
  /** Only events with a greater number. */
  after: number
  /** Finds out anew who follows, before each look at the feed; what it throws ends the following. */
  who(): Promise<Principal>
  progress: ProgressFeed
  signal: AbortSignal
}

/**
 * The events that the follower may see, one after another as they happen, none left out, and how far
 * the follower's own deliveries are in between. Ends when the signal aborts; while nobody asks for
 * the next item, nothing is read.
 */
export async function* followEvents(core: Core, following: Following): AsyncGenerator<FeedItem> {
  const { signal, who } = following
  const bell = createBell()
  const moving = new Map<number, DeliveryRow>()
  let principal = await who()
  const unsubscribeEvents = core.database.signals.subscribe('events', bell.ring)
  const unsubscribeProgress = following.progress.subscribe(principal.accountId, (delivery) => {
    moving.set(delivery.number, delivery)
    bell.ring()
  })
  signal.addEventListener('abort', bell.ring)
  let after = following.after
  let told = performance.now()
  let rang = false
  try {
    while (!signal.aborted) {
      principal = await who()
      const events = await listEvents(core, principal, { after, limit: BATCH })
      for (const event of events) {
        yield { kind: 'event', event }
        after = event.number
        told = performance.now()
      }
      const moved = [...moving.values()]
      moving.clear()
      for (const delivery of moved) {
        if (may(principal, 'read', deliveryThing(core, delivery)) !== 'yes') continue
        yield { kind: 'progress', delivery }
        told = performance.now()
      }
      if (events.length === BATCH) continue
      if (performance.now() - told >= BEAT_MS) {
        yield { kind: 'beat' }
        told = performance.now()
      }
      rang = await bell.rung(rang ? LOOK_AGAIN_MS : LOOK_MS)
    }
  } finally {
    unsubscribeEvents()
    unsubscribeProgress()
    signal.removeEventListener('abort', bell.ring)
  }
}
