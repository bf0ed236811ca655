import { reportSettings } from '../config.ts'
import { defineCommand } from './command.ts'
import { formatTable } from './format-table.ts'
import { localEnvironment, localOptions, localSettings } from './local.ts'
import { print } from './print.ts'

export const settings = defineCommand({
  description:
    'Shows every setting as it is in force here: from the environment over claimcheck.env over the default. Secrets are hidden. Refuses what the server would refuse.',
  arguments: [],
  options: localOptions,
  examples: [
    { command: 'claimcheck settings', description: 'What would the server run with?' },
    {
      command: 'claimcheck settings --settings /etc/claimcheck.env --json',
      description: 'The same for another installation, for programs.',
    },
  ],
  async run({ values }) {
    localSettings(values)
    const report = reportSettings(localEnvironment(values))
    const rows = report.map(({ name, value, isSet }) => [
      name,
      value ?? '-',
      isSet ? '' : '(default)',
    ])
    print(values.json, { settings: report }, formatTable(rows))
  },
})
