import { openAsBlob } from 'node:fs'
import { basename } from 'node:path'
import { putFile } from '../client/put-file.ts'
import { defineCommand, UsageError } from './command.ts'
import { connect, connectOptions } from './connect.ts'
import { interruptible } from './interruptible.ts'
import { print } from './print.ts'

export const put = defineCommand({
  description:
    'Puts a file where an address says: a port order gets it as a document, an import API as an upload, a signed URL by PUT.',
  arguments: [
    { name: 'file', required: true, description: 'The file on this computer.' },
    { name: 'url', required: true, description: 'Where it goes.' },
  ],
  options: {
    name: { type: 'string', value: 'NAME', description: 'What the server shall call it.' },
    ...connectOptions,
  },
  examples: [
    {
      command: 'claimcheck put bill.pdf https://files.example/v2/portorders/40093',
      description: 'Add a document to a port order.',
    },
    {
      command: 'claimcheck put users.csv https://files.example/api/v1/upload',
      description: 'Import a roster, and print the address of its status.',
    },
  ],
  async run({ values, positionals: [path = '', address = ''] }) {
    const { client, url } = await connect(address, {
      ...values,
      ...impliedApi(address, values.api),
    })
    const bytes = await open(path)
    const name = values.name ?? basename(path)
    const followed = await interruptible((signal) => putFile(client, url, { name, bytes, signal }))
    print(values.json, { name, size: bytes.size, url: followed }, followed ?? `${name} is there.`)
  },
})

/** An upload address is not one that a file is got from: `detectApi` does not know it. */
function impliedApi(address: string, said: string | undefined): { api?: string } {
  if (said !== undefined) return { api: said }
  return /\/api\/v1\/upload\/?(?:\?|$)/.test(address) ? { api: 'imports' } : {}
}

async function open(path: string): Promise<Blob> {
  try {
    return await openAsBlob(path)
  } catch {
    throw new UsageError(`${path} cannot be read.`)
  }
}
