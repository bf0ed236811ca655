import { randomUUID } from 'node:crypto'
import { type Channel, createLocalSignals, type Signals } from '../signals.ts'

/** Signals that reach every node of a database. */
export interface SharedSignals extends Signals {
  /** Takes what another node, or this one, has sent. */
  receive(message: string): void
  /** Messages may have been missed: everybody is woken, and what could not be sent is sent. */
  reconnected(): void
  /** Resolves when everything is sent that can be sent. */
  flush(): Promise<void>
}

/** PostgreSQL takes less than 8,000 bytes in a notification. */
const MOST_BYTES = 7900
/** More signals than these, waiting for the line, become one that says: look at everything. */
const MOST_WAITING = 5000

/** A channel and its payload; null for both: signals were lost. */
type Signal = readonly [Channel | null, string | null]

/**
 * Signals that are heard in this process at once, and are sent to the other nodes together with what
 * else there is to send while the last message is on its way: a commit that notifies takes a lock
 * on the whole server, so ten signals in one message cost a tenth.
 */
export function createSharedSignals(send: (message: string) => Promise<void>): SharedSignals {
  const local = createLocalSignals()
  const me = randomUUID()
  let waiting = new Map<string, Signal>()
  let sending: Promise<void> | null = null

  function add(signal: Signal): void {
    if (waiting.size >= MOST_WAITING) waiting = new Map([['', [null, null]]])
    waiting.set(signal.join(' '), signal)
  }

  async function sendAll(): Promise<void> {
    while (waiting.size > 0) {
      const signals = [...waiting.values()]
      waiting = new Map()
      try {
        for (const message of packMessages(me, signals)) await send(message)
      } catch {
        // A signal that is sent twice does no harm. They are sent when the line stands again.
        for (const signal of signals) add(signal)
        return
      }
    }
  }

  function flush(): Promise<void> {
    sending ??= sendAll().finally(() => {
      sending = null
    })
    return sending
  }

  return {
    subscribe: local.subscribe,
    notify(channel, payload = '') {
      local.notify(channel, payload)
      add([channel, payload])
      void flush()
    },
    receive(message) {
      for (const [channel, payload] of readMessage(message, me)) {
        if (channel === null || payload === null) local.missed()
        else local.notify(channel, payload)
      }
    },
    reconnected() {
      local.missed()
      void flush()
    },
    flush,
  }
}

/** Messages of at most `MOST_BYTES` that hold the signals in their order. */
function packMessages(sender: string, signals: readonly Signal[]): string[] {
  const messages: string[] = []
  let parts: string[] = []
  let bytes = 0
  for (const signal of signals) {
    const text = JSON.stringify(signal)
    const part = Buffer.byteLength(text) > MOST_BYTES / 2 ? '[null,null]' : text
    const size = Buffer.byteLength(part) + 1
    if (bytes + size > MOST_BYTES - sender.length) {
      messages.push(`${sender}[${parts.join()}]`)
      parts = []
      bytes = 0
    }
    parts.push(part)
    bytes += size
  }
  messages.push(`${sender}[${parts.join()}]`)
  return messages
}

/** The signals of another node; none for what this one or a stranger has sent. */
function readMessage(message: string, me: string): Signal[] {
  if (message.startsWith(me)) return []
  try {
    return JSON.parse(message.slice(me.length)) as Signal[]
  } catch {
    return []
  }
}
