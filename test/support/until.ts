import { setTimeout as pause } from 'node:timers/promises'

/** Waits until something has come true that nobody announces; a minute at most. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const patience = Date.now() + 60_000
  while (!(await holds())) {
    if (Date.now() > patience) throw new Error(`It never came true that ${what}.`)
    await pause(10)
  }
}
