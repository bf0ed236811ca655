/**
 * Runs something that ends early, and cleanly, on Ctrl-C or SIGTERM; a second signal ends the process
 * at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const listener = () => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort()
  }
  process.on('SIGINT', listener).on('SIGTERM', listener)
  try {
    return await work(controller.signal)
  } finally {
    process.off('SIGINT', listener).off('SIGTERM', listener)
  }
}
