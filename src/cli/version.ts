import { packageVersion } from '../package-version.ts'
import { defineCommand } from './command.ts'
import { jsonOption } from './local.ts'
import { print } from './print.ts'

export const version = defineCommand({
  description: 'Prints the version of Claimcheck, and with --json also that of Node.js.',
  arguments: [],
  options: jsonOption,
  examples: [{ command: 'claimcheck version', description: 'Which version is this?' }],
  async run({ values }) {
    const text = packageVersion()
    print(values.json, { version: text, node: process.versions.node }, text)
  },
})
