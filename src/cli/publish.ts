import { counted } from '../counted.ts'
import { defineCommand } from './command.ts'
import { localOptions, withInstallation } from './local.ts'
import { print } from './print.ts'
import { publishFolder } from './publish-folder.ts'
import { demandOption, organizationOption } from './publish-options.ts'

export const publish = defineCommand({
  description:
    'Publishes the files of a folder as one delivery of a study; both are made when they are not there. A file of the same name is replaced, one with the same bytes stays as it is, files that the folder does not have stay, too. Folders inside of it, links, dot-files, *.part and *.tmp are left out. Works beside a running server.',
  arguments: [{ name: 'DIR', description: 'The folder.', required: true }],
  options: {
    ...organizationOption,
    study: { type: 'string', value: 'CODE', description: 'The study.' },
    delivery: { type: 'string', value: 'CODE', description: 'The delivery.' },
    'study-name': { type: 'string', value: 'NAME', description: 'What people call the study.' },
    'delivery-name': {
      type: 'string',
      value: 'NAME',
      description: 'What people call the delivery.',
    },
    ...localOptions,
  },
  examples: [
    {
      command: 'claimcheck publish ./may --organization HAUC --study HAUC-3 --delivery HAUC-3-2',
      description: 'Publish what is in ./may.',
    },
  ],
  async run({ values, positionals: [folder = ''] }) {
    const path = {
      organization: demandOption(values, 'organization', 'publish'),
      study: demandOption(values, 'study', 'publish'),
      delivery: demandOption(values, 'delivery', 'publish'),
    }
    await withInstallation(values, async ({ core }) => {
      const names = { studyName: values['study-name'], deliveryName: values['delivery-name'] }
      const report = await publishFolder(core, { folder, ...path, ...names })
      const { refused, ...counts } = report
      print(
        values.json,
        { ...path, ...counts, refused },
        `${counted(counts.added, 'file')} added, ${counts.replaced} replaced, ${counts.unchanged} unchanged.`,
      )
      const [first] = refused
      if (first === undefined) return
      const others = refused.length > 1 ? ` (and ${refused.length - 1} more)` : ''
      throw new Error(`Not published: "${first.name}"${others}: ${first.reason}`)
    })
  },
})
