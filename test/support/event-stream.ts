/** One event of a stream (WHATWG HTML §9.2); members that did not come are null. */
export interface StreamedEvent {
  id: string | null
  event: string | null
  data: string | null
}

export interface EventStream {
  readonly status: number
  /** The next event, of which something other than a comment came; null when the stream has ended. */
  next(): Promise<StreamedEvent | null>
  /** Breaks it off. */
  leave(): void
}

export interface StreamOptions {
  headers: Record<string, string>
  lastEventId?: string | null
}

/** Opens a stream of Server-Sent Events. */
export async function openEventStream(url: string, options: StreamOptions): Promise<EventStream> {
  const { headers, lastEventId = null } = options
  const left = new AbortController()
  const response = await fetch(url, {
    headers: { ...headers, ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }) },
    signal: left.signal,
  })
  const events = parse(response)
  return {
    status: response.status,
    async next() {
      const { value, done } = await events.next()
      return done ? null : value
    },
    leave: () => left.abort(),
  }
}

/** Takes the response, not its body alone: fetch cancels a body that nobody reads yet when its response is collected. */
async function* parse(response: Response): AsyncGenerator<StreamedEvent> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const event = parseEvent(text.slice(0, end))
      text = text.slice(end + 2)
      if (event !== null) yield event
    }
  }
}

function parseEvent(block: string): StreamedEvent | null {
  const event: StreamedEvent = { id: null, event: null, data: null }
  for (const line of block.split('\n')) {
    const [name, value = ''] = line.split(/: ?(.*)/s)
    if (name === 'id' || name === 'event' || name === 'data') event[name] = value
  }
  return Object.values(event).some((member) => member !== null) ? event : null
}
