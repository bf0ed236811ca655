/** Events from many places for one reader. */
export interface EventQueue<Event> extends AsyncIterable<Event> {
  push(event: Event): void
  /** No more will come. */
  end(): void
}

/** A queue that holds what its reader has not taken yet. */
export function createEventQueue<Event>(): EventQueue<Event> {
  let waiting: Event[] = []
  let isOver = false
  let wake: (() => void) | null = null
  const ring = () => {
    wake?.()
    wake = null
  }
  return {
    push(event) {
      waiting.push(event)
      ring()
    },
    end() {
      isOver = true
      ring()
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const taken = waiting
        waiting = []
        yield* taken
        if (waiting.length > 0) continue
        if (isOver) return
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}
