import { type MadeLink, makeLinks } from '../client/make-links.ts'
import { defineCommand, UsageError } from './command.ts'
import { connect, connectOptions } from './connect.ts'
import { interruptible } from './interruptible.ts'
import { print } from './print.ts'

export const link = defineCommand({
  description:
    'Makes signed URLs, which open files for everybody who has them until they expire or are revoked.',
  arguments: [{ name: 'url', required: true, description: 'A /v1 delivery, or one of its files.' }],
  options: {
    lifetime: {
      type: 'string',
      value: 'SECONDS',
      description: 'How long they live; as the server is set when left out.',
    },
    ...connectOptions,
  },
  examples: [
    {
      command: 'claimcheck link https://files.example/v1/files/50987 --lifetime 3600',
      description: 'For an hour.',
    },
  ],
  async run({ values, positionals: [address = ''] }) {
    const lifetimeSeconds = values.lifetime === undefined ? null : Number(values.lifetime)
    if (lifetimeSeconds !== null && !Number.isInteger(lifetimeSeconds)) {
      throw new UsageError('--lifetime is a number of seconds.')
    }
    const { client, url } = await connect(address, values)
    await interruptible(async (signal) => {
      const links: MadeLink[] = []
      const options = { signal, ...(lifetimeSeconds === null ? {} : { lifetimeSeconds }) }
      for await (const made of makeLinks(client, url, options)) links.push(made)
      print(values.json, { links }, links.map((made) => made.url).join('\n'))
    })
  },
})
