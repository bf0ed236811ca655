import {
  accountPermissions,
  createAccount,
  listAccounts,
  reinstateAccount,
  setPermissions,
  suspendAccount,
} from '../core/accounts/accounts.ts'
import { findOrganization, listOrganizations } from '../core/accounts/organizations.ts'
import type { Core } from '../core/core.ts'
import type { AccountRow } from '../database/tables.ts'
import { type CommandList, defineCommand, UsageError } from './command.ts'
import { collect, demandAccount, demandOrganization } from './find-thing.ts'
import { plainPermissions, warnOfPermissions } from './known-permissions.ts'
import { type LocalValues, localOptions, withInstallation } from './local.ts'
import { formatList, formatTime, print } from './print.ts'

const username = { name: 'username', description: 'The user name.', required: true } as const

const create = defineCommand({
  description:
    'Creates an account for a person or a program. It can sign in once it has a password, a key, a token or a client.',
  arguments: [username],
  options: {
    organization: {
      type: 'string',
      value: 'CODE',
      description: 'The organization; may be left out when there is only one.',
    },
    permission: {
      type: 'string',
      value: 'PERMISSION',
      multiple: true,
      choices: plainPermissions,
      description:
        'What it may do: admin, operator, order, rostering, port-orders, study:ORG, publish, work:NAME, or what a download type asks for, as download:NAME.',
    },
    name: { type: 'string', value: 'NAME', description: 'For people; else the user name.' },
    ...localOptions,
  },
  examples: [
    {
      command: "claimcheck account create ada --permission 'download:*'",
      description: 'Somebody who may ask for every download.',
    },
    {
      command: 'claimcheck account create grace --organization acme --permission admin',
      description: 'An administrator of the organization acme.',
    },
  ],
  async run({ values, positionals: [name = ''] }) {
    await withInstallation(values, async ({ core }) => {
      const organization = await demandOrganization(core, values.organization)
      const row = await createAccount(core, 'system', {
        organizationId: organization.id,
        username: name,
        permissions: values.permission ?? [],
        ...(values.name === undefined ? {} : { name: values.name }),
      })
      const text = `Created the account "${row.username}" in the organization "${organization.code}". Let it sign in: claimcheck password create ${row.username}`
      const made = { json: values.json, warnings: warnOfPermissions(values.permission ?? []) }
      printWithWarnings(made, { account: toJson(row, organization.code) }, text)
    })
  },
})

const list = defineCommand({
  description: 'Lists the accounts, the oldest of each organization first.',
  arguments: [],
  options: {
    organization: { type: 'string', value: 'CODE', description: 'Only those of this one.' },
    ...localOptions,
  },
  examples: [{ command: 'claimcheck account list', description: 'Everybody who is here.' }],
  async run({ values }) {
    await withInstallation(values, async ({ core }) => {
      const organizations =
        values.organization === undefined
          ? await collect((after) => listOrganizations(core, 'system', { after, limit: 1000 }))
          : [await demandOrganization(core, values.organization)]
      const accounts = []
      for (const { id: organizationId, code } of organizations) {
        const rows = await collect((after) =>
          listAccounts(core, 'system', { organizationId, after, limit: 1000 }),
        )
        accounts.push(...rows.map((row) => toJson(row, code)))
      }
      print(values.json, { accounts }, formatAccounts(accounts))
    })
  },
})

const show = defineCommand({
  description: 'Shows one account.',
  arguments: [username],
  options: localOptions,
  examples: [{ command: 'claimcheck account show ada', description: 'What may ada do?' }],
  async run({ values, positionals: [name = ''] }) {
    await changeAndPrint(values, name, async (_core, row) => row)
  },
})

const permit = defineCommand({
  description:
    'Gives an account permissions or takes them away; what is not named stays. It counts from the next request on.',
  arguments: [username],
  options: {
    add: {
      type: 'string',
      value: 'PERMISSION',
      multiple: true,
      choices: plainPermissions,
      description: 'Give this one.',
    },
    remove: {
      type: 'string',
      value: 'PERMISSION',
      multiple: true,
      choices: plainPermissions,
      description: 'Take this one.',
    },
    ...localOptions,
  },
  examples: [
    {
      command: 'claimcheck account permit ada --add download:communes --remove admin',
      description: 'From administrator to customer.',
    },
  ],
  async run({ values, positionals: [name = ''] }) {
    const { add = [], remove = [] } = values
    if (add.length + remove.length === 0) {
      throw new UsageError('Say what to change: --add PERMISSION, --remove PERMISSION, or both.')
    }
    const warnings = warnOfPermissions(add)
    await changeAndPrint({ ...values, warnings }, name, async (core, row) => {
      const permissions = accountPermissions(row)
      for (const permission of remove) permissions.delete(permission)
      for (const permission of add) permissions.add(permission)
      return await setPermissions(core, 'system', {
        accountId: row.id,
        permissions: [...permissions],
      })
    })
  },
})

const suspend = defineCommand({
  description: 'Shuts an account out at once, whatever it signs in with, until it is reinstated.',
  arguments: [username],
  options: localOptions,
  examples: [{ command: 'claimcheck account suspend ada', description: 'Lock ada out.' }],
  async run({ values, positionals: [name = ''] }) {
    await changeAndPrint(values, name, (core, row) => suspendAccount(core, 'system', row.id))
  },
})

const reinstate = defineCommand({
  description: 'Lets a suspended account in again, with the credentials it had.',
  arguments: [username],
  options: localOptions,
  examples: [{ command: 'claimcheck account reinstate ada', description: 'Let ada in again.' }],
  async run({ values, positionals: [name = ''] }) {
    await changeAndPrint(values, name, (core, row) => reinstateAccount(core, 'system', row.id))
  },
})

export const account: CommandList = {
  description: 'Accounts are persons and programs, each in one organization.',
  commands: [
    { name: 'create', summary: 'Create an account.', load: async () => create },
    { name: 'list', summary: 'List the accounts.', load: async () => list },
    { name: 'show', summary: 'Show one account.', load: async () => show },
    { name: 'permit', summary: 'Give or take permissions.', load: async () => permit },
    { name: 'suspend', summary: 'Shut an account out.', load: async () => suspend },
    {
      name: 'reinstate',
      summary: 'Let a suspended account in again.',
      load: async () => reinstate,
    },
  ],
}

interface ChangeValues extends LocalValues {
  readonly json?: boolean | undefined
  readonly warnings?: readonly string[]
}

async function changeAndPrint(
  values: ChangeValues,
  name: string,
  change: (core: Core, row: AccountRow) => Promise<AccountRow>,
): Promise<void> {
  await withInstallation(values, async ({ core }) => {
    const row = await change(core, await demandAccount(core, name))
    const organization = await findOrganization(core, row.organization_id)
    const json = toJson(row, organization?.code ?? row.organization_id)
    printWithWarnings(values, { account: json }, formatAccounts([json]))
  })
}

/** For programs they stand in the document. */
function printWithWarnings(
  { json, warnings = [] }: Pick<ChangeValues, 'json' | 'warnings'>,
  value: object,
  text: string,
): void {
  if (json !== true) for (const warning of warnings) process.stderr.write(`${warning}\n`)
  print(json, warnings.length === 0 ? value : { ...value, warnings }, text)
}

function toJson(row: AccountRow, organization: string) {
  return {
    id: row.id,
    username: row.username,
    name: row.name,
    organization,
    permissions: [...accountPermissions(row)],
    suspended: row.suspended_at !== null,
    created_at: new Date(row.created_at).toISOString(),
  }
}

function formatAccounts(accounts: readonly ReturnType<typeof toJson>[]): string {
  return formatList(
    ['USERNAME', 'ORGANIZATION', 'PERMISSIONS', 'STATE', 'CREATED'],
    accounts.map((one) => [
      one.username,
      one.organization,
      one.permissions.join(',') || '-',
      one.suspended ? 'suspended' : 'active',
      formatTime(Date.parse(one.created_at)),
    ]),
    'There is no account yet.',
  )
}
