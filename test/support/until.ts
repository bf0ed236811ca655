import { setTimeout as pause } from 'node:timers/promises'

/** Waits until something has come true that nobody announces; a minute at most. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  await untilFound(what, async () => (await holds()) || null)
}

/** The same for something that is looked for, and gives it back: null when it is not there yet. */
export async function untilFound<T>(
  what: string,
  look: () => T | null | Promise<T | null>,
): Promise<T> {
  const patience = Date.now() + 60_000
  for (;;) {
    const found = await look()
    if (found !== null) return found
    if (Date.now() > patience) throw new Error(`It never came true that ${what}.`)
    await pause(10)
  }
}
