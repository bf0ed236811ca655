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
      name: 'get',
      summary: 'Fetch everything behind an address, resumed and verified.',
      load: async () => (await import('./get.ts')).get,
    },
    {
      name: 'ls',
      summary: 'List what can be picked up at an address.',
      load: async () => (await import('./ls.ts')).ls,
    },
    {
      name: 'request',
      summary: 'Ask for a download or an order.',
      load: async () => (await import('./request.ts')).request,
    },
    {
      name: 'wait',
      summary: 'Wait until the work behind an address is over.',
      load: async () => (await import('./wait.ts')).wait,
    },
    {
      name: 'put',
      summary: 'Put a file: a document, an import, a signed URL.',
      load: async () => (await import('./put.ts')).put,
    },
    {
      name: 'link',
      summary: 'Make signed URLs to hand out.',
      load: async () => (await import('./link.ts')).link,
    },
    {
      name: 'verify',
      summary: 'Check the files that were fetched into a folder.',
      load: async () => (await import('./verify.ts')).verify,
    },
    {
      name: 'login',
      summary: 'Keep how to sign in at a server.',
      load: async () => (await import('./login.ts')).login,
    },
    {
      name: 'conformance',
      summary: 'Check a server against the documents of the APIs.',
      load: async () => (await import('./conformance.ts')).conformance,
    },
    {
      name: 'completion',
      summary: 'Print a script by which a shell completes commands.',
      load: async () => (await import('./completion.ts')).completionOf(commands),
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
      load: async () => (await import('./credentials.ts')).key,
    },
    {
      name: 'token',
      summary: 'Manage API tokens, for programs that sign in by Bearer.',
      load: async () => (await import('./credentials.ts')).token,
    },
    {
      name: 'client',
      summary: 'Manage OAuth2 clients, for programs that fetch short-lived tokens.',
      load: async () => (await import('./credentials.ts')).client,
    },
    {
      name: 'publish',
      summary: 'Publish the files of a folder as a delivery of a study.',
      load: async () => (await import('./publish.ts')).publish,
    },
    {
      name: 'product',
      summary: 'Publish products, which accounts find and order.',
      load: async () => (await import('./product.ts')).product,
    },
    {
      name: 'settings',
      summary: 'Show the settings in force, secrets hidden.',
      load: async () => (await import('./settings.ts')).settings,
    },
    {
      name: 'doctor',
      summary: 'Check a deployment, line by line.',
      load: async () => (await import('./doctor.ts')).doctor,
    },
    {
      name: 'backup',
      summary: 'Back up the embedded installation while it serves.',
      load: async () => (await import('./backup.ts')).backup,
    },
    {
      name: 'restore',
      summary: 'Put a backup into an empty place.',
      load: async () => (await import('./restore.ts')).restore,
    },
    {
      name: 'migrate',
      summary: 'Move the embedded installation to PostgreSQL and another store.',
      load: async () => (await import('./migrate.ts')).migrate,
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
