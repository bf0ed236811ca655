/** Buffers of one size that are used again, so that a long download makes no garbage. */
export interface BufferPool {
  readonly bufferSize: number
  take(): Buffer
  give(buffer: Buffer): void
}

/** At most `kept` buffers wait for their next use; what comes back beyond that is left to the collector. */
export function createBufferPool(bufferSize: number, kept: number): BufferPool {
  const free: Buffer[] = []
  return {
    bufferSize,
    take: () => free.pop() ?? Buffer.allocUnsafeSlow(bufferSize),
    give(buffer) {
      if (free.length < kept) free.push(buffer)
    },
  }
}
