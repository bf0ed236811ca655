import { type Issuing, issueClient, issueKeyPair, issueToken, type Label } from '../auth/issue.ts'
import type { Core } from '../core/core.ts'
import { type Command, type CommandList, defineCommand, UsageError } from './command.ts'
import {
  labelOptions,
  listCommand,
  type NamedKind,
  parseLabel,
  revokeCommand,
  usernameArgument,
} from './credential-commands.ts'
import { demandAccount } from './find-thing.ts'
import { type LocalValues, localOptions, withInstallation } from './local.ts'
import { printOnce } from './print.ts'

/** `claimcheck key …` */
export const key = credentialList({
  kind: 'key',
  thing: 'a key pair',
  description: 'Key pairs are for programs that sign in by HTTP Basic: access key and secret key.',
  create: defineCommand({
    description: 'Gives an account a key pair and shows its secret, this once.',
    arguments: [usernameArgument],
    options: { ...labelOptions, ...localOptions },
    examples: [
      {
        command: 'claimcheck key create nightly --name "backup host" --days 365',
        description: 'For a program, until next year.',
      },
    ],
    run: ({ values, positionals: [username = ''] }) =>
      issueTo(username, values, async (core, issuing, label) => {
        const { credentialId, accessKey, secretKey } = await issueKeyPair(core, issuing, label)
        return { id: credentialId, access_key: accessKey, secret_key: secretKey }
      }),
  }),
})

/** `claimcheck token …` */
export const token = credentialList({
  kind: 'token',
  thing: 'a token',
  description: 'Tokens are for programs that send "Authorization: Bearer TOKEN".',
  create: defineCommand({
    description: 'Gives an account an API token and shows it, this once.',
    arguments: [usernameArgument],
    options: { ...labelOptions, ...localOptions },
    examples: [
      {
        command: 'claimcheck token create ada --name laptop --days 90',
        description: 'For ada, on her laptop.',
      },
    ],
    run: ({ values, positionals: [username = ''] }) =>
      issueTo(username, values, async (core, issuing, label) => {
        const issued = await issueToken(core, issuing, label)
        return { id: issued.credentialId, token: issued.token }
      }),
  }),
})

/** `claimcheck client …` */
export const client = credentialList({
  kind: 'client',
  thing: 'a client',
  description:
    'OAuth2 clients are for programs that fetch short-lived tokens by the client credentials grant.',
  create: defineCommand({
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
      await issueTo(username, values, async (core, issuing, label) => {
        const issued = await issueClient(core, issuing, { ...label, scopes })
        const { credentialId, clientId, clientSecret } = issued
        return { id: credentialId, client_id: clientId, client_secret: clientSecret }
      })
    },
  }),
})

interface Described {
  readonly kind: NamedKind
  /** What one of them is, in the summaries: `a token`. */
  readonly thing: string
  readonly description: string
  readonly create: Command
}

function credentialList({ kind, thing, description, create }: Described): CommandList {
  return {
    description,
    commands: [
      { name: 'create', summary: `Give an account ${thing}.`, load: async () => create },
      { name: 'list', summary: `List its ${kind}s.`, load: async () => listCommand(kind) },
      { name: 'revoke', summary: `End ${thing}.`, load: async () => revokeCommand(kind) },
    ],
  }
}

interface IssueValues extends LocalValues {
  readonly name?: string
  readonly days?: string
  readonly json?: boolean
}

/** Gives an account what `issue` makes, and prints what it answers: it cannot be shown again. */
async function issueTo(
  username: string,
  values: IssueValues,
  issue: (core: Core, issuing: Issuing, label: Label) => Promise<Record<string, string>>,
): Promise<void> {
  await withInstallation(values, async ({ core }) => {
    const { id: accountId } = await demandAccount(core, username)
    const label = parseLabel(values, core.database.now())
    printOnce(values.json, await issue(core, { actor: 'system', accountId }, label))
  })
}
