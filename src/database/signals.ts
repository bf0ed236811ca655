/**
 * What a signal is about: `jobs` there may be work; `events` the feed has grown; `delivery` one
 * delivery has moved (its number is the payload); `grant` one was revoked or what some open has gone;
 * `cancel` a job should stop (its number is the payload); `access` an account or a credential has changed.
 */
export type Channel = 'jobs' | 'events' | 'delivery' | 'grant' | 'cancel' | 'access'

/**
 * Wake-up calls. They carry no truth: a listener reads the database when it hears one, and looks by
 * itself now and then, because a signal can be lost.
 */
export interface Signals {
  notify(channel: Channel, payload?: string): void
  /** Returns the function that ends the subscription. */
  subscribe(channel: Channel, listener: (payload: string) => void): () => void
}

/** Signals within one process. */
export function createLocalSignals(): Signals {
  const listeners = new Map<Channel, Set<(payload: string) => void>>()
  return {
    notify(channel, payload = '') {
      for (const listener of listeners.get(channel) ?? []) {
        listener(payload)
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
