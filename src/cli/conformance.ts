import { ClientError } from '../client/client-error.ts'
import type { Checked } from '../client/conformance/check.ts'
import { checkConformance } from '../client/conformance/check-conformance.ts'
import type { Client } from '../client/create-client.ts'
import { discard } from '../client/drain.ts'
import { sendPatiently } from '../client/patiently.ts'
import { shownUrl } from '../client/shown-url.ts'
import { counted } from '../counted.ts'
import { defineCommand } from './command.ts'
import { connect, connectOptions, refuseFrontDoor } from './connect.ts'
import { formatTable } from './format-table.ts'
import { print } from './print.ts'

export const conformance = defineCommand({
  description:
    'Replays the document of an API against a server, ours or any other, and says what holds. It only reads. The exit code is 1 when something does not hold.',
  arguments: [
    {
      name: 'url',
      required: true,
      description: 'Something at the API: a download, an order, a listing, an import, a document.',
    },
  ],
  options: connectOptions,
  examples: [
    {
      command: 'claimcheck conformance https://files.example/api_file/v1/HAUC/',
      description: 'Does it list as its document says?',
    },
  ],
  async run({ values, positionals: [address = ''] }) {
    const connection = await connect(address, values)
    refuseFrontDoor(connection, values)
    const { client, api, url } = connection
    if (api === 'file' && values.api === undefined) await refusePage(client, url)
    const checks: Checked[] = []
    for await (const checked of checkConformance(client, url, api)) checks.push(checked)
    const wrong = checks.filter(({ holds }) => holds === false)
    const rows = checks.map(({ holds, expected, seen }) => [wordOf(holds), expected, seen])
    const sum = `${checks.length - wrong.length} of ${checks.length} hold.`
    print(values.json, { api, url, checks }, `${formatTable(rows)}\n${sum}`)
    if (wrong.length > 0)
      throw new Error(`Not as the document says: ${counted(wrong.length, 'thing')}.`)
  },
})

/** A page of a server's portal is at none of its APIs, and nothing that it says would be about them. */
async function refusePage(client: Client, url: string): Promise<void> {
  const { response } = await sendPatiently(client.transport, { url })
  discard(response)
  if (!/^\s*text\/html\b/i.test(response.headers.get('content-type') ?? '')) return
  throw new ClientError(
    'bad_input',
    `${shownUrl(url)} is a web page. Name something at one of the APIs, such as …/api/downloads/ID or …/api_file/v1/ORG/, or a file.`,
  )
}

function wordOf(holds: boolean | null): string {
  if (holds === null) return 'skipped'
  return holds ? 'holds' : 'DIFFERS'
}
