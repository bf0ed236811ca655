/** Something that runs until it is closed. */
export interface Closeable {
  close(): Promise<void>
}

/**
 * Starts something, waits for SIGTERM or SIGINT, and closes it; a second signal ends the process at
 * once. A signal that comes while it still starts counts: it is closed as soon as it stands.
 */
export async function runUntilStopped(start: () => Promise<Closeable>): Promise<void> {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>()
  let signals = 0
  const listener = () => {
    signals += 1
    if (signals > 1) process.exit(1)
    stop()
  }
  process.on('SIGTERM', listener).on('SIGINT', listener)
  try {
    const running = await start()
    await stopped
    await running.close()
  } finally {
    process.off('SIGTERM', listener).off('SIGINT', listener)
  }
}
