import { ClientError } from '../client/client-error.ts'
import { type VerifiedFile, verifyFolder } from '../client/files/verify-folder.ts'
import { counted } from '../counted.ts'
import { defineCommand } from './command.ts'
import { interruptible } from './interruptible.ts'
import { print } from './print.ts'
import { printable } from './printable.ts'

export const verify = defineCommand({
  description:
    'Reads every file that was fetched into a folder, and compares it with what is recorded in its .claimcheck.json.',
  arguments: [{ name: 'folder', description: 'The folder; this one when left out.' }],
  options: { json: { type: 'boolean', description: 'Print the result as one JSON document.' } },
  examples: [{ command: 'claimcheck verify ./hauc', description: 'Is everything still intact?' }],
  async run({ values, positionals: [folder = '.'] }) {
    await interruptible(async (signal) => {
      const files: VerifiedFile[] = []
      for await (const file of verifyFolder(folder, signal)) files.push(file)
      const wrong = files.filter(({ state }) => state !== 'intact')
      const lines = wrong.map(({ path, state }) => `${state}  ${printable(path)}`)
      const sum = `${files.length - wrong.length} of ${counted(files.length, 'file')} intact.`
      print(values.json, { files }, [...lines, sum].join('\n'))
      if (wrong.length === 0) return
      throw new ClientError(
        'damaged',
        `Not what was fetched: ${counted(wrong.length, 'file')}. "claimcheck get" from the same address brings back what is there.`,
      )
    })
  },
})
