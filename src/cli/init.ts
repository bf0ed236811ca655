import { issueToken, setPassword } from '../auth/issue.ts'
import { randomText } from '../auth/secret.ts'
import { loadEnvironment, readSettings } from '../config.ts'
import { createAccount } from '../core/accounts/accounts.ts'
import {
  createOrganization,
  listOrganizations,
  parseOrganizationCode,
} from '../core/accounts/organizations.ts'
import { parseUsername } from '../core/accounts/username.ts'
import type { Core } from '../core/core.ts'
import { makeFolder } from '../make-folder.ts'
import { defineCommand } from './command.ts'
import { formatTable } from './format-table.ts'
import { addToEnvFile, writeExampleConfig } from './init-files.ts'
import { type LocalValues, localEnvironment, localOptions } from './local.ts'
import { newKeys } from './new-keys.ts'
import { print } from './print.ts'

export const init = defineCommand({
  description:
    'Sets up an installation in this folder: the data folder and database, fresh keys in claimcheck.env (which only you may read), an example claimcheck.config.ts, the first organization, and its administrator, whose password and token it shows this once. It overwrites nothing, and does nothing where an installation is already.',
  arguments: [],
  options: {
    organization: {
      type: 'string',
      value: 'CODE',
      description: 'The short name of the first organization; "main" when left out.',
    },
    username: {
      type: 'string',
      value: 'NAME',
      description: 'The user name of its administrator; "admin" when left out.',
    },
    ...localOptions,
  },
  examples: [
    { command: 'claimcheck init', description: 'Everything by default.' },
    {
      command: 'claimcheck init --organization acme --username grace --json',
      description: 'With names of your own, for programs.',
    },
  ],
  async run({ values }) {
    const names = {
      code: parseOrganizationCode(values.organization ?? 'main'),
      username: parseUsername(values.username ?? 'admin'),
    }
    const { fresh, settings } = prepare(values)
    makeFolder(settings.data)
    const { openInstallation } = await import('../open-installation.ts')
    // The example is written below; a config file that is there has no say in this.
    const installation = await openInstallation({ ...settings, config: null })
    try {
      await refuseSecond(installation.core)
      // The keys first: an installation must not exist whose keys are nowhere.
      const files = [
        ...addToEnvFile(values.settings, fresh),
        ...(settings.config === null ? writeExampleConfig() : []),
      ]
      const made = await makeFirst(installation.core, names)
      print(values.json, { ...made, files }, explain(made, files))
    } finally {
      await installation.close()
    }
  },
})

/** The settings, with fresh keys where there are none. */
function prepare(values: LocalValues) {
  const environment = localEnvironment(values)
  const fresh: Record<string, string> = {}
  for (const name of ['CLAIMCHECK_SIGNING_KEYS', 'CLAIMCHECK_MASTER_KEYS']) {
    if (!environment[name]) fresh[name] = newKeys()
  }
  // What was said once on the command line must be known to `serve`, too.
  const standing = loadEnvironment({ envFile: values.settings })
  if (values.data !== undefined && !standing.CLAIMCHECK_DATA) fresh.CLAIMCHECK_DATA = values.data
  return { fresh, settings: readSettings({ ...environment, ...fresh }) }
}

async function refuseSecond(core: Core): Promise<void> {
  const [first] = await listOrganizations(core, 'system', { after: null, limit: 1 })
  if (first === undefined) return
  throw new Error(
    `Claimcheck is already initialised here, with the organization "${first.code}": nothing was changed. "claimcheck account --help" says how to add accounts.`,
  )
}

interface First {
  organization: { id: string; code: string }
  account: { id: string; username: string; password: string }
  token: string
}

async function makeFirst(
  core: Core,
  { code, username }: { code: string; username: string },
): Promise<First> {
  const organization = await createOrganization(core, 'system', { code })
  const account = await createAccount(core, 'system', {
    organizationId: organization.id,
    username,
    permissions: ['admin', 'operator'],
  })
  const issuing = { actor: 'system', accountId: account.id } as const
  const password = randomText(20)
  await setPassword(core, issuing, password)
  const { token } = await issueToken(core, issuing, { name: 'made by init' })
  return {
    organization: { id: organization.id, code: organization.code },
    account: { id: account.id, username: account.username, password },
    token,
  }
}

function explain({ organization, account, token }: First, files: readonly string[]): string {
  const table = formatTable([
    ['organization', organization.code],
    ['user name', account.username],
    ['password', account.password],
    ['token', token],
  ])
  return [
    table,
    'Keep the password and the token now: they are not shown again.',
    ...(files.length === 0 ? [] : [`Written: ${files.join(', ')}.`]),
    'Start the server with: claimcheck serve (in a clone of the source: npm start)',
  ].join('\n')
}
