import { defineCommand, UsageError } from './command.ts'
import { connectOptions } from './connect.ts'
import { interruptible } from './interruptible.ts'
import { placeRequest } from './place-request.ts'
import { print } from './print.ts'
import { requestOf, requestOptions } from './request-options.ts'

export const request = defineCommand({
  description: 'Asks for a download or an order, and prints the address to get it from.',
  arguments: [
    {
      name: 'url',
      required: true,
      description: 'The server; with /api/downloads or …/rs-order behind it, that API.',
    },
  ],
  options: { ...requestOptions, ...connectOptions },
  examples: [
    {
      command:
        'claimcheck request https://files.example --type communes-of-departement --info \'{"departement":"75"}\'',
      description: 'Ask for a download with parameters.',
    },
    {
      command: "claimcheck request https://files.example/api/v1/rs-order --query 'tags:sentinel'",
      description: 'Place an order.',
    },
  ],
  async run({ values, positionals: [address = ''] }) {
    const wanted = requestOf(values)
    if (wanted === null) throw new UsageError('Say what to ask for: --type TYPE or --query LUCENE.')
    const { url } = await interruptible((signal) =>
      placeRequest(address, { values, wanted, signal }),
    )
    print(values.json, { url }, url)
  },
})
