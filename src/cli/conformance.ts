import type { Checked } from '../client/conformance/check.ts'
import { checkConformance } from '../client/conformance/check-conformance.ts'
import { defineCommand } from './command.ts'
import { connect, connectOptions } from './connect.ts'
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
    const { client, api, url } = await connect(address, values)
    const checks: Checked[] = []
    for await (const checked of checkConformance(client, url, api)) checks.push(checked)
    const wrong = checks.filter(({ holds }) => holds === false)
    const rows = checks.map(({ holds, expected, seen }) => [wordOf(holds), expected, seen])
    const sum = `${checks.length - wrong.length} of ${checks.length} hold.`
    print(values.json, { api, url, checks }, `${formatTable(rows)}\n${sum}`)
    if (wrong.length > 0) throw new Error(`${wrong.length} things are not as the document says.`)
  },
})

function wordOf(holds: boolean | null): string {
  if (holds === null) return 'skipped'
  return holds ? 'holds' : 'DIFFERS'
}
