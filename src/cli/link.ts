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
    uses: {
      type: 'string',
      value: 'N',
      description: 'How many downloads each is for; 1 makes one-time links.',
    },
    network: {
      type: 'string',
      value: 'CIDR',
      multiple: true,
      description: 'An address or network that they open for, as 192.0.2.0/24.',
    },
    page: {
      type: 'boolean',
      description: 'Show a page with a button, so that programs that look into links take nothing.',
    },
    ...connectOptions,
  },
  examples: [
    {
      command: 'claimcheck link https://files.example/v1/files/50987 --lifetime 3600',
      description: 'For an hour.',
    },
    {
      command: 'claimcheck link https://files.example/v1/files/50987 --uses 1 --page',
      description: 'For one download, by somebody who presses a button.',
    },
  ],
  async run({ values, positionals: [address = ''] }) {
    const lifetimeSeconds = wholeNumber('--lifetime', values.lifetime)
    const maxUses = wholeNumber('--uses', values.uses)
    const wish = {
      ...(lifetimeSeconds === null ? {} : { lifetimeSeconds }),
      ...(maxUses === null ? {} : { maxUses }),
      ...(values.network === undefined ? {} : { networks: values.network }),
      ...(values.page === true ? { page: true } : {}),
    }
    const { client, url } = await connect(address, values)
    await interruptible(async (signal) => {
      const links: MadeLink[] = []
      for await (const made of makeLinks(client, url, { ...wish, signal })) links.push(made)
      print(values.json, { links }, links.map((made) => made.url).join('\n'))
    })
  },
})

function wholeNumber(option: string, text: string | undefined): number | null {
  if (text === undefined) return null
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new UsageError(`${option} is a whole number.`)
}
