/**
 * What a signal is about: `jobs` there may be work; `events` the feed has grown; `delivery` one
 * delivery has moved (its number is the payload); `grant` one was revoked or what some open has gone;
 * `cancel` a job should stop (its number is the payload); `access` an account or a credential has changed; `upload` a
 * writer wants one, or one is free (its id is in the payload).
 */
export type Channel = 'jobs' | 'events' | 'delivery' | 'grant' | 'cancel' | 'access' | 'upload'

/** Hears the payload of a signal; null when some may have been missed: then anything may have happened. */
export type Listener = (payload: string | null) => void

/**
 * Wake-up calls. They carry no truth: a listener reads the database when it hears one, and looks by
 * itself now and then, because a signal can be lost.
 */
export interface Signals {
  notify(channel: Channel, payload?: string): void
  /** Returns the function that ends the subscription. */
  subscribe(channel: Channel, listener: Listener): () => void
}

/** Signals within one process. */
export interface LocalSignals extends Signals {
  /** Wakes every listener: signals of others may have been missed. */
  missed(): void
}

/** Signals within this process. */
export function createLocalSignals(): LocalSignals {
  const listeners = new Map<Channel, Set<Listener>>()
  return {
    notify(channel, payload = '') {
      for (const listener of listeners.get(channel) ?? []) {
        listener(payload)
      }
    },
    missed() {
      for (const listener of [...listeners.values()].flatMap((set) => [...set])) {
        listener(null)
      }
    },
    subscribe(channel, listener) {
      const set = listeners.get(channel) ?? new Set()
      listeners.set(channel, set)
      set.add(listener)
      return () => set.delete(listener)
    },
  }
}
