import {
  findCredentialById,
  type ListedCredential,
  listCredentials,
  revokeCredential,
} from '../core/accounts/credentials.ts'
import { DeliveryError } from '../core/errors.ts'
import type { CredentialKind } from '../database/tables.ts'
import { type Command, defineCommand, type Options, UsageError } from './command.ts'
import { demandAccount } from './find-thing.ts'
import { localOptions, withInstallation } from './local.ts'
import { formatList, formatTime, print } from './print.ts'

export const usernameArgument = {
  name: 'username',
  description: 'The user name of the account.',
  required: true,
} as const

/** What every new credential takes. */
export const labelOptions = {
  name: { type: 'string', value: 'TEXT', description: 'To tell it from others in lists.' },
  days: { type: 'string', value: 'N', description: 'Ends after N days; never when left out.' },
} as const satisfies Options

/** @throws UsageError */
export function parseLabel(
  values: { readonly name?: string; readonly days?: string },
  now: number,
): { name?: string; expiresAt?: number } {
  const { name, days } = values
  if (days !== undefined && !/^[1-9]\d{0,4}$/.test(days)) {
    throw new UsageError(`--days "${days}" is not valid: expected a number from 1 to 99999.`)
  }
  return {
    ...(name === undefined ? {} : { name }),
    ...(days === undefined ? {} : { expiresAt: now + Number(days) * 86_400_000 }),
  }
}

/** Credentials of programs: on the command line they go by their kind. */
export type NamedKind = Extract<CredentialKind, 'key' | 'token' | 'client'>

/** `claimcheck <kind> list <username>` */
export function listCommand(kind: NamedKind): Command {
  const plural = `${kind}s`
  return defineCommand({
    description: `Lists the ${plural} of an account, those that are over too. Secrets cannot be shown again.`,
    arguments: [usernameArgument],
    options: localOptions,
    examples: [
      { command: `claimcheck ${kind} list ada`, description: `Which ${plural} does ada have?` },
    ],
    async run({ values, positionals: [username = ''] }) {
      await withInstallation(values, async ({ core }) => {
        const account = await demandAccount(core, username)
        const now = core.database.now()
        const all = await listCredentials(core, 'system', account.id)
        const listed = all.filter((row) => row.kind === kind).map((row) => toJson(row, now))
        print(values.json, { [plural]: listed }, formatCredentials(listed, plural))
      })
    },
  })
}

/** `claimcheck <kind> revoke <id>` */
export function revokeCommand(kind: NamedKind): Command {
  return defineCommand({
    description: `Ends one of the ${kind}s at once, and every session and access token that came from it.`,
    arguments: [
      {
        name: 'id',
        description: `Its id, as "claimcheck ${kind} list" shows it.`,
        required: true,
      },
    ],
    options: localOptions,
    examples: [
      {
        command: `claimcheck ${kind} revoke 01jd3v7t0c8m4q2n6x5r9w1z0a`,
        description: 'It has leaked: end it.',
      },
    ],
    async run({ values, positionals: [id = ''] }) {
      await withInstallation(values, async ({ core }) => {
        if ((await findCredentialById(core, id))?.kind !== kind) {
          throw new DeliveryError(
            'not_found',
            `There is no ${kind} "${id}": "claimcheck ${kind} list USERNAME" shows the ids.`,
          )
        }
        const json = toJson(await revokeCredential(core, 'system', id), core.database.now())
        print(values.json, { [kind]: json }, `Revoked the ${kind} "${json.name}".`)
      })
    },
  })
}

function toJson(row: ListedCredential, now: number) {
  const over = row.expires_at !== null && row.expires_at <= now
  return {
    id: row.id,
    name: row.name,
    // Of a token this would be its hash, of a password the user name.
    ...(row.kind === 'key' ? { access_key: row.lookup } : {}),
    ...(row.kind === 'client' ? { client_id: row.lookup } : {}),
    ...(row.scopes === null ? {} : { scopes: JSON.parse(row.scopes) as string[] }),
    state: row.revoked_at !== null ? 'revoked' : over ? 'expired' : 'usable',
    created_at: formatTime(row.created_at),
    expires_at: row.expires_at === null ? null : formatTime(row.expires_at),
  }
}

function formatCredentials(listed: readonly ReturnType<typeof toJson>[], plural: string): string {
  return formatList(
    ['ID', 'NAME', 'PUBLIC PART', 'STATE', 'CREATED', 'EXPIRES'],
    listed.map((one) => [
      one.id,
      one.name,
      one.access_key ?? one.client_id ?? '-',
      one.state,
      one.created_at,
      one.expires_at ?? 'never',
    ]),
    `The account has no ${plural}.`,
  )
}
