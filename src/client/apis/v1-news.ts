import type { ApiContext } from '../api-context.ts'
import { discard } from '../drain.ts'
import { asObject, type Json } from '../json.ts'
import { isPassing } from '../patiently.ts'

/** What the server says of a delivery by itself, over Server-Sent Events. */
export interface News {
  /**
   * Begins to listen.
   * @returns whether it began just now: what happened before must be looked at once more
   */
  open(): Promise<boolean>
  readonly isOpen: boolean
  /**
   * The delivery as it is on its way, `changed` when one should look, `silence` when nothing came for
   * so many ms.
   */
  next(quietMs: number): Promise<Json | 'changed' | 'silence'>
  close(): void
}

/** @param subject the delivery, as the API shows it */
export function createNews(
  { transport, pollMs }: ApiContext,
  url: string,
  { subject, signal }: { subject: Json; signal: AbortSignal | undefined },
): News {
  const left = new AbortController()
  const until = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal])
  let state: 'new' | 'open' | 'broken' | 'refused' = 'new'
  let hasChanged = false
  let report: Json | null = null
  let wake = () => {}

  async function listen(response: Response): Promise<void> {
    try {
      for await (const data of framesOf(response)) {
        if (data.id === subject.id) report = data
        else if (data.deliveryNumber === subject.number) hasChanged = true
        else continue
        wake()
      }
    } catch {
      // It broke off, and so it is over.
    }
    state = 'broken'
    wake()
  }

  return {
    async open() {
      if (state === 'open' || state === 'refused') return false
      if (state === 'broken') await transport.wait(pollMs, signal)
      const headers = { accept: 'text/event-stream' }
      const answered = await transport.send({ url, headers, signal: until }).catch(refusalOnly)
      const type = answered?.response.headers.get('content-type') ?? ''
      if (answered?.response.status !== 200 || !/^text\/event-stream\b/i.test(type)) {
        if (answered !== null) discard(answered.response)
        state = 'refused'
        return false
      }
      state = 'open'
      void listen(answered.response)
      return true
    },
    get isOpen() {
      return state === 'open'
    },
    async next(quietMs) {
      if (!hasChanged && report === null && state === 'open') {
        const enough = new AbortController()
        const rung = new Promise<void>((resolve) => {
          wake = resolve
        })
        const quiet = transport.wait(quietMs, AbortSignal.any([until, enough.signal]))
        await Promise.race([rung, quiet]).finally(() => enough.abort())
      }
      const told = report
      const mustLook = hasChanged || state !== 'open'
      report = null
      hasChanged = false
      if (mustLook) return 'changed'
      return told ?? 'silence'
    },
    close: () => left.abort(),
  }
}

/** A server without events, or one that has no place for us, is asked again and again instead. */
function refusalOnly(error: unknown): null {
  if (isPassing(error)) return null
  throw error
}

/** The data of each event (WHATWG HTML §9.2), as far as it is one JSON object. */
async function* framesOf(response: Response): AsyncGenerator<Json> {
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  for (;;) {
    const { done = true, value } = (await reader?.read()) ?? {}
    if (done) return
    const lines = (rest + decoder.decode(value, { stream: true })).split(/\r?\n/)
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('data:')) yield parse(line.slice(5))
  }
}

function parse(text: string): Json {
  try {
    return asObject(JSON.parse(text))
  } catch {
    return {}
  }
}
