import type { Snapshot } from '../../src/client/delivery.ts'
import type { GetEvent } from '../../src/client/files/get-event.ts'

/** What a run saw at the server, look by look. */
export function unwrapSnapshots(events: readonly GetEvent[]): Snapshot[] {
  return events.flatMap((event) => (event.type === 'look' ? [event.snapshot] : []))
}
