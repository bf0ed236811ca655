import { type Client, type ClientOptions, createClient } from '../../src/client/create-client.ts'
import type { GetEvent } from '../../src/client/files/get-event.ts'
import { getFiles } from '../../src/client/files/get-files.ts'
import type { GetOptions, GetReport } from '../../src/client/files/get-options.ts'
import type { Wait } from '../../src/client/wait.ts'

export interface Got {
  readonly report: GetReport
  readonly events: GetEvent[]
}

/** A wait that notes how long it should be and takes no time. */
export function createTestWait(): Wait & { readonly asked: number[] } {
  const asked: number[] = []
  const wait: Wait = async (milliseconds, signal) => {
    signal?.throwIfAborted()
    asked.push(milliseconds)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return Object.assign(wait, { asked })
}

/** A client whose pauses take no time. */
export function createTestClient(url: string, options: Partial<ClientOptions> = {}): Client {
  return createClient({ url, wait: createTestWait(), ...options })
}

/** Runs to the end. */
export async function get(
  client: Client,
  url: string,
  options: GetOptions & { text?: string },
): Promise<Got> {
  const { text, ...rest } = options
  const events: GetEvent[] = []
  const delivery = client.open(url, text === undefined ? {} : { text })
  const running = getFiles(client, delivery, rest)
  for (;;) {
    const { done, value } = await running.next()
    if (done === true) return { report: value, events }
    events.push(value)
  }
}
