import type { RemoteFile } from '../client/remote-file.ts'
import { defineCommand } from './command.ts'
import { connectOptions } from './connect.ts'
import { formatBytes } from './format-bytes.ts'
import { interruptible } from './interruptible.ts'
import { openDelivery } from './open-delivery.ts'
import { formatList, print } from './print.ts'
import { printable } from './printable.ts'

export const ls = defineCommand({
  description: 'Lists what can be picked up at an address now, and how the work stands.',
  arguments: [
    { name: 'url', required: true, description: 'The address, or a manifest on this computer.' },
  ],
  options: connectOptions,
  examples: [
    {
      command: 'claimcheck ls https://files.example/api_file/v1/HAUC/HAUC-3/',
      description: 'The files of a study.',
    },
  ],
  async run({ values, positionals: [address = ''] }) {
    const { delivery } = await openDelivery(address, values)
    await interruptible(async (signal) => {
      for await (const { standing, word, progress, message, files } of delivery.watch({
        signal,
        once: true,
      })) {
        const rows = files.map((file) => [
          pathOf(file),
          file.size === null ? '-' : formatBytes(file.size),
          digestOf(file),
        ])
        const list = formatList(['NAME', 'SIZE', 'DIGEST'], rows, 'Nothing can be picked up now.')
        const json = files.map((file) => ({
          path: pathOf(file),
          size: file.size,
          mediaType: file.mediaType,
          ...file.digests,
        }))
        const about = { url: delivery.url, api: delivery.api, standing, word, progress, message }
        print(values.json, { ...about, files: json }, `${list}\n${printable(word)}`)
      }
    })
  },
})

function pathOf({ folders, name, id }: RemoteFile): string {
  return [...folders, name ?? id].join('/')
}

function digestOf({ digests }: RemoteFile): string {
  const [first] = Object.entries(digests).toReversed()
  return first === undefined ? '-' : `${first[0]}:${first[1]}`
}
