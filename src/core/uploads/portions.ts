/**
 * Splits a source into portions of at most `size` bytes, none of them empty. Each must be read to its
 * end before the next is asked for. A source that breaks off, or is ended by the signal, ends: what came
 * before counts.
 */
export async function* portions(
  source: AsyncIterable<Uint8Array>,
  { size, signal }: { size: number; signal: AbortSignal },
): AsyncGenerator<AsyncGenerator<Uint8Array>> {
  const chunks = source[Symbol.asyncIterator]()
  const { promise: stopped, resolve: stop } = Promise.withResolvers<null>()
  const onAbort = () => stop(null)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) stop(null)
  let rest: Uint8Array | null = null

  async function next(): Promise<Uint8Array | null> {
    try {
      for (;;) {
        const result = await Promise.race([chunks.next(), stopped])
        if (result === null || result.done === true) return null
        if (result.value.byteLength > 0) return result.value
      }
    } catch {
      return null
    }
  }

  async function* portion(): AsyncGenerator<Uint8Array> {
    let left = size
    while (left > 0) {
      const chunk: Uint8Array | null = rest ?? (await next())
      rest = null
      if (chunk === null) return
      const now = chunk.subarray(0, left)
      if (chunk.byteLength > left) rest = chunk.subarray(left)
      left -= now.byteLength
      yield now
    }
  }

  try {
    for (;;) {
      rest ??= await next()
      if (rest === null) return
      yield portion()
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    // Not waited for: a source that stands still would never answer.
    chunks.return?.().catch(() => {})
  }
}
