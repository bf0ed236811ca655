import { useEffect } from 'preact/hooks'
import { get } from './api.ts'
import type { AuditEvent, Delivery } from './wire.ts'

/** What the event stream told: how far a delivery is, or that something happened. */
export type News =
  | { kind: 'progress'; delivery: Delivery }
  | { kind: 'event'; event: AuditEvent }
  /** The stream was away; what is shown may be old. */
  | { kind: 'again' }

const states = 'created running paused done incomplete failed canceled expired pending'
const names = [
  ...states.split(' ').map((state) => `delivery.${state}`),
  ...'pending processing submitted accepted rejected review completed canceled abandoned hard_canceled'
    .split(' ')
    .map((status) => `port-order.${status}`),
  ...['file.received', 'file.picked-up', 'link.revoked', 'manifest.created', 'manifest.revoked'],
  ...['product.published', 'product.withdrawn', 'study.published', 'study.withdrawn'],
  ...['credential.issued', 'credential.revoked'],
]

const listeners = new Set<(news: News) => void>()
const channel = 'BroadcastChannel' in window ? new BroadcastChannel('claimcheck') : null

/** Calls back with news for as long as the component is shown. */
export function useNews(onNews: (news: News) => void): void {
  useEffect(() => {
    listeners.add(onNews)
    return () => {
      listeners.delete(onNews)
    }
  })
}

function tell(news: News): void {
  for (const listener of [...listeners]) listener(news)
}

/**
 * Follows what happens until it is stopped. A browser has six connections to a server: of all tabs
 * one holds the stream and passes on what it hears.
 */
export function followEvents(): () => void {
  const stop = new AbortController()
  channel?.addEventListener('message', ({ data }) => tell(data as News), { signal: stop.signal })
  if (navigator.locks === undefined || channel === null) hold(stop.signal)
  else {
    navigator.locks
      .request('claimcheck-events', { signal: stop.signal }, () => hold(stop.signal))
      // Stopped while another tab held it.
      .catch(() => {})
  }
  return () => stop.abort()
}

function hold(signal: AbortSignal): Promise<void> {
  const source = new EventSource('/v1/events')
  const pass = (news: News) => {
    tell(news)
    channel?.postMessage(news)
  }
  let wasAway = false
  source.addEventListener('open', () => {
    if (wasAway) pass({ kind: 'again' })
    wasAway = false
  })
  source.addEventListener('error', () => {
    wasAway = true
    // Asked here, a session that has ended says so; another answer is waited for.
    void get('/me').catch(() => {})
  })
  source.addEventListener('progress', ({ data }) =>
    pass({ kind: 'progress', delivery: JSON.parse(data) as Delivery }),
  )
  for (const name of names) {
    source.addEventListener(name, ({ data }) =>
      pass({ kind: 'event', event: JSON.parse(data) as AuditEvent }),
    )
  }
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      source.close()
      resolve()
    })
  })
}
