import { requestDelivery } from '../client/request-delivery.ts'
import { defineCommand, UsageError } from './command.ts'
import { connect, connectOptions } from './connect.ts'
import { apiOfRequest } from './get.ts'
import { interruptible } from './interruptible.ts'
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
    const { client, url } = await connect(address, { ...values, api: apiOfRequest(address) })
    const created = await interruptible((signal) =>
      requestDelivery(client, url, { ...wanted, signal }),
    )
    print(values.json, { url: created }, created)
  },
})
