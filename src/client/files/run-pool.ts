import { aborted } from '../wait.ts'

export interface PoolOptions {
  /** So many items at a time. */
  readonly jobs: number
  /** So many more may be on their way to their end, after they have made room for others. */
  readonly trailing: number
  readonly signal: AbortSignal
}

/**
 * Works on items, so many at a time; the first failure ends it when what runs has ended.
 * @param work calls `makeRoom` when another item may begin before it has ended
 */
export function runPool<Item>(
  items: readonly Item[],
  { jobs, trailing, signal }: PoolOptions,
  work: (item: Item, makeRoom: () => void) => Promise<void>,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let [next, taken, unfinished] = [0, 0, 0]
  let failure: { error: unknown } | null = null

  function begin(): void {
    while (next < items.length && taken < jobs && unfinished < jobs + trailing) {
      if (failure === null && signal.aborted) failure = { error: aborted(signal) }
      if (failure !== null) break
      const item = items[next] as Item
      next += 1
      void run(item)
    }
    if (unfinished > 0) return
    if (failure === null) resolve()
    else reject(failure.error)
  }

  async function run(item: Item): Promise<void> {
    let hasRoom = false
    const makeRoom = () => {
      if (hasRoom) return
      hasRoom = true
      taken -= 1
    }
    taken += 1
    unfinished += 1
    try {
      await work(item, () => {
        makeRoom()
        begin()
      })
    } catch (error) {
      failure ??= { error }
    }
    makeRoom()
    unfinished -= 1
    begin()
  }

  begin()
  return promise
}
