import { issueKeyPair } from '../auth/issue.ts'
import { type CommandList, defineCommand } from './command.ts'
import {
  type CredentialNoun,
  labelOptions,
  listCommand,
  parseLabel,
  revokeCommand,
  usernameArgument,
} from './credential-commands.ts'
import { demandAccount } from './find-thing.ts'
import { localOptions, withInstallation } from './local.ts'
import { printOnce } from './print.ts'

const noun: CredentialNoun = { kind: 'key', word: 'key', plural: 'keys' }

const create = defineCommand({
  description: 'Gives an account a key pair and shows its secret, this once.',
  arguments: [usernameArgument],
  options: { ...labelOptions, ...localOptions },
  examples: [
    {
      command: 'claimcheck key create nightly --name "backup host" --days 365',
      description: 'For a program, until next year.',
    },
  ],
  async run({ values, positionals: [username = ''] }) {
    await withInstallation(values, async ({ core }) => {
      const { id: accountId } = await demandAccount(core, username)
      const label = parseLabel(values, core.database.now())
      const pair = await issueKeyPair(core, { actor: 'system', accountId }, label)
      printOnce(values.json, {
        id: pair.credentialId,
        access_key: pair.accessKey,
        secret_key: pair.secretKey,
      })
    })
  },
})

export const key: CommandList = {
  description: 'Key pairs are for programs that sign in by HTTP Basic: access key and secret key.',
  commands: [
    { name: 'create', summary: 'Give an account a key pair.', load: async () => create },
    { name: 'list', summary: 'List its keys.', load: async () => listCommand(noun) },
    { name: 'revoke', summary: 'End a key pair.', load: async () => revokeCommand(noun) },
  ],
}
