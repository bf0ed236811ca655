import { createOrganization, listOrganizations } from '../core/accounts/organizations.ts'
import type { OrganizationRow } from '../database/tables.ts'
import { type CommandList, defineCommand } from './command.ts'
import { collect } from './find-thing.ts'
import { localOptions, withInstallation } from './local.ts'
import { formatList, formatTime, print } from './print.ts'

const create = defineCommand({
  description: 'Creates an organization: a tenant that shares nothing with the others.',
  arguments: [
    {
      name: 'code',
      description: 'Its short name, unique here; the first segment of its studies paths.',
      required: true,
    },
  ],
  options: {
    name: { type: 'string', value: 'NAME', description: 'Its name for people; else the code.' },
    ...localOptions,
  },
  examples: [
    {
      command: 'claimcheck organization create acme --name "Acme Corp."',
      description: 'A second tenant.',
    },
  ],
  async run({ values, positionals: [code = ''] }) {
    await withInstallation(values, async ({ core }) => {
      const named = values.name === undefined ? {} : { name: values.name }
      const row = await createOrganization(core, 'system', { code, ...named })
      print(values.json, { organization: toJson(row) }, `Created the organization "${row.code}".`)
    })
  },
})

const list = defineCommand({
  description: 'Lists the organizations, the oldest first.',
  arguments: [],
  options: localOptions,
  examples: [{ command: 'claimcheck organization list', description: 'Who is here?' }],
  async run({ values }) {
    await withInstallation(values, async ({ core }) => {
      const rows = await collect((after) =>
        listOrganizations(core, 'system', { after, limit: 1000 }),
      )
      const text = formatList(
        ['CODE', 'NAME', 'CREATED'],
        rows.map((row) => [row.code, row.name, formatTime(row.created_at)]),
        'There is no organization yet.',
      )
      print(values.json, { organizations: rows.map(toJson) }, text)
    })
  },
})

export const organization: CommandList = {
  description: 'Organizations are the walls between tenants: nothing crosses them.',
  commands: [
    { name: 'create', summary: 'Create an organization.', load: async () => create },
    { name: 'list', summary: 'List the organizations.', load: async () => list },
  ],
}

function toJson(row: OrganizationRow) {
  return {
    id: row.id,
    code: row.code,
    name: row.name,
    created_at: new Date(row.created_at).toISOString(),
  }
}
