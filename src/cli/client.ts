import { issueClient } from '../auth/issue.ts'
import { type CommandList, defineCommand, UsageError } from './command.ts'
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

const noun: CredentialNoun = { kind: 'client', word: 'client', plural: 'clients' }

const create = defineCommand({
  description: 'Gives an account an OAuth2 client and shows its secret, this once.',
  arguments: [usernameArgument],
  options: {
    scope: {
      type: 'string',
      value: 'SCOPE',
      multiple: true,
      description: 'What it may ask for; at least one.',
    },
    ...labelOptions,
    ...localOptions,
  },
  examples: [
    {
      command: 'claimcheck client create school-sis --scope rostering',
      description: 'For a program that fetches tokens with the scope rostering.',
    },
  ],
  async run({ values, positionals: [username = ''] }) {
    const { scope: scopes = [] } = values
    if (scopes.length === 0) throw new UsageError('Say what it may ask for: --scope SCOPE.')
    await withInstallation(values, async ({ core }) => {
      const { id: accountId } = await demandAccount(core, username)
      const label = parseLabel(values, core.database.now())
      const issued = await issueClient(core, { actor: 'system', accountId }, { ...label, scopes })
      printOnce(values.json, {
        id: issued.credentialId,
        client_id: issued.clientId,
        client_secret: issued.clientSecret,
      })
    })
  },
})

export const client: CommandList = {
  description:
    'OAuth2 clients are for programs that fetch short-lived tokens by the client credentials grant.',
  commands: [
    { name: 'create', summary: 'Give an account a client.', load: async () => create },
    { name: 'list', summary: 'List its clients.', load: async () => listCommand(noun) },
    { name: 'revoke', summary: 'End a client.', load: async () => revokeCommand(noun) },
  ],
}
