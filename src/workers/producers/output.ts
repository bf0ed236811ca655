import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'

/** One file of a download while it is written: its errors reach whoever writes next or finishes. */
export interface Output {
  /** Resolves when there is room for more. */
  write(chunk: Uint8Array): Promise<void>
  /** Resolves when every byte is where it belongs. */
  finish(): Promise<void>
  /** Gives the file up. */
  abandon(reason: Error): void
}

/** An output into a file's stream. */
export function createOutput(file: Writable): Output {
  let failure: Error | null = null
  // Without a listener an error between two writes would end the process.
  file.on('error', (error) => {
    failure ??= error
  })
  return {
    async write(chunk) {
      if (failure !== null) throw failure
      if (!file.write(chunk)) await drained(file)
      if (failure !== null) throw failure
    },
    async finish() {
      if (failure !== null) throw failure
      file.end()
      await finished(file)
    },
    abandon(reason) {
      file.destroy(reason)
    },
  }
}

function drained(file: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of events) file.off(event, done)
      resolve()
    }
    const events = ['drain', 'error', 'close'] as const
    for (const event of events) file.on(event, done)
  })
}
