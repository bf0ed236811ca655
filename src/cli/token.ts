import { issueToken } from '../auth/issue.ts'
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

const noun: CredentialNoun = { kind: 'token', word: 'token', plural: 'tokens' }

const create = defineCommand({
  description: 'Gives an account an API token and shows it, this once.',
  arguments: [usernameArgument],
  options: { ...labelOptions, ...localOptions },
  examples: [
    {
      command: 'claimcheck token create ada --name laptop --days 90',
      description: 'For ada, on her laptop.',
    },
  ],
  async run({ values, positionals: [username = ''] }) {
    await withInstallation(values, async ({ core }) => {
      const { id: accountId } = await demandAccount(core, username)
      const label = parseLabel(values, core.database.now())
      const issued = await issueToken(core, { actor: 'system', accountId }, label)
      printOnce(values.json, { id: issued.credentialId, token: issued.token })
    })
  },
})

export const token: CommandList = {
  description: 'Tokens are for programs that send "Authorization: Bearer TOKEN".',
  commands: [
    { name: 'create', summary: 'Give an account a token.', load: async () => create },
    { name: 'list', summary: 'List its tokens.', load: async () => listCommand(noun) },
    { name: 'revoke', summary: 'End a token.', load: async () => revokeCommand(noun) },
  ],
}
