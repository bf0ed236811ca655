import { setPassword } from '../auth/issue.ts'
import { randomText } from '../auth/secret.ts'
import { listCredentials, revokeCredential } from '../core/accounts/credentials.ts'
import { DeliveryError } from '../core/errors.ts'
import { type CommandList, defineCommand } from './command.ts'
import { usernameArgument } from './credential-commands.ts'
import { demandAccount } from './find-thing.ts'
import { localOptions, withInstallation } from './local.ts'
import { print, printOnce } from './print.ts'
import { readPassword } from './read-password.ts'

const create = defineCommand({
  description:
    'Gives an account a password, in place of the one it may have; what was signed in with the old one ends. The password is asked for at the terminal, or read from the first line of the standard input: never from the command line, where others could see it.',
  arguments: [usernameArgument],
  options: {
    generate: { type: 'boolean', description: 'Make one up and show it, this once.' },
    ...localOptions,
  },
  examples: [
    { command: 'claimcheck password create ada', description: 'Asks for it twice.' },
    { command: 'claimcheck password create ada --generate', description: 'Makes one up.' },
    { command: 'claimcheck password create ada < password.txt', description: 'From a file.' },
  ],
  async run({ values, positionals: [username = ''] }) {
    await withInstallation(values, async ({ core }) => {
      const account = await demandAccount(core, username)
      const password = values.generate === true ? randomText(20) : await readPassword()
      const issuing = { actor: 'system', accountId: account.id } as const
      const { credentialId: id } = await setPassword(core, issuing, password)
      const known = { id, username: account.username }
      if (values.generate === true) printOnce(values.json, { ...known, password })
      else print(values.json, known, `Set the password of "${account.username}".`)
    })
  },
})

const revoke = defineCommand({
  description: 'Takes the password of an account away; its other credentials stay.',
  arguments: [usernameArgument],
  options: localOptions,
  examples: [
    { command: 'claimcheck password revoke ada', description: 'No more signing in by password.' },
  ],
  async run({ values, positionals: [username = ''] }) {
    await withInstallation(values, async ({ core }) => {
      const account = await demandAccount(core, username)
      const all = await listCredentials(core, 'system', account.id)
      const held = all.find((row) => row.kind === 'password' && row.revoked_at === null)
      if (held === undefined) {
        throw new DeliveryError('not_found', `"${account.username}" has no password.`)
      }
      await revokeCredential(core, 'system', held.id)
      const known = { id: held.id, username: account.username }
      print(values.json, known, `Took the password of "${account.username}" away.`)
    })
  },
})

export const password: CommandList = {
  description: 'Passwords are for people who sign in with user name and password.',
  commands: [
    { name: 'create', summary: 'Give an account a password.', load: async () => create },
    { name: 'revoke', summary: 'Take its password away.', load: async () => revoke },
  ],
}
