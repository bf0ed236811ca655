import type { Snapshot } from '../client/delivery.ts'
import { defineCommand } from './command.ts'
import { connectOptions } from './connect.ts'
import { interruptible } from './interruptible.ts'
import { openDelivery } from './open-delivery.ts'
import { print } from './print.ts'
import { printable } from './printable.ts'
import { refuseEnding } from './refuse-ending.ts'
import { createStandingNote } from './standing-note.ts'

export const wait = defineCommand({
  description:
    'Waits until the work behind an address is over, and fetches nothing. The exit code tells how it ended.',
  arguments: [{ name: 'url', required: true, description: 'The address.' }],
  options: connectOptions,
  examples: [
    {
      command: 'claimcheck wait https://files.example/v1/deliveries/01jhx5t1f2k3m4n5p6q7r8s9t0',
      description: 'Wait for a delivery.',
    },
  ],
  async run({ values, positionals: [address = ''] }) {
    const { delivery } = await openDelivery(address, values)
    await interruptible(async (signal) => {
      const write = (line: string) => void process.stderr.write(`${line}\n`)
      const note = values.json === true ? () => {} : createStandingNote(write)
      let last: Snapshot | null = null
      for await (const snapshot of delivery.watch({ signal, withoutFiles: true })) {
        note(snapshot)
        last = snapshot
      }
      if (last === null) return
      const { standing, word, message } = last
      print(values.json, { url: delivery.url, standing, word, message }, printable(word))
      refuseEnding(last)
    })
  },
})
