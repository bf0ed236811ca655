import type { CommandList } from './command.ts'

/** Every command of `claimcheck`. */
export const commands: CommandList = {
  description:
    'Claimcheck delivers files: customers list them, ask for them, wait, and pick them up.',
  commands: [
    {
      name: 'init',
      summary: 'Set up an installation: keys, the first organization and administrator.',
      load: async () => (await import('./init.ts')).init,
    },
    {
      name: 'serve',
      summary: 'Run the server.',
      load: async () => (await import('./serve.ts')).serve,
    },
    {
      name: 'demo',
      summary: 'Run a throw-away server on this computer, with data and accounts to try.',
      load: async () => (await import('./demo.ts')).demo,
    },
    {
      name: 'organization',
      summary: 'Create and list organizations, the walls between tenants.',
      load: async () => (await import('./organization.ts')).organization,
    },
    {
      name: 'account',
      summary: 'Create accounts, say what they may do, suspend and reinstate them.',
      load: async () => (await import('./account.ts')).account,
    },
    {
      name: 'password',
      summary: 'Give an account a password, or take it away.',
      load: async () => (await import('./password.ts')).password,
    },
    {
      name: 'key',
      summary: 'Manage key pairs, for programs that sign in by Basic.',
      load: async () => (await import('./key.ts')).key,
    },
    {
      name: 'token',
      summary: 'Manage API tokens, for programs that sign in by Bearer.',
      load: async () => (await import('./token.ts')).token,
    },
    {
      name: 'client',
      summary: 'Manage OAuth2 clients, for programs that fetch short-lived tokens.',
      load: async () => (await import('./client.ts')).client,
    },
    {
      name: 'publish',
      summary: 'Publish the files of a folder as a delivery of a study.',
      load: async () => (await import('./publish.ts')).publish,
    },
    {
      name: 'settings',
      summary: 'Show the settings in force, secrets hidden.',
      load: async () => (await import('./settings.ts')).settings,
    },
    {
      name: 'sweep',
      summary: 'Expire what is over its time and remove what nothing refers to.',
      load: async () => (await import('./sweep.ts')).sweep,
    },
    {
      name: 'version',
      summary: 'Print the version.',
      load: async () => (await import('./version.ts')).version,
    },
  ],
}
