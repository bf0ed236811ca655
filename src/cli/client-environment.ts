import { homedir } from 'node:os'
import { join } from 'node:path'

/** What the commands that talk to a server read from the environment. Empty counts as not set. */
export interface ClientEnvironment {
  readonly url: string | null
  readonly profile: string | null
  readonly token: string | null
  readonly user: string | null
  readonly password: string | null
  readonly clientId: string | null
  readonly clientSecret: string | null
  /** Where the profiles are kept. */
  readonly profilesPath: string
  /** No colours, please (no-color.org). */
  readonly isPlain: boolean
}

/** The one reader of the environment for these commands, which know nothing of the server's settings. */
export function readClientEnvironment(): ClientEnvironment {
  const { env } = process
  const read = (name: string) => env[`CLAIMCHECK_${name}`] || null
  const home = env.XDG_CONFIG_HOME || join(homedir(), '.config')
  return {
    url: read('URL'),
    profile: read('PROFILE'),
    token: read('TOKEN'),
    user: read('USER'),
    password: read('PASSWORD'),
    clientId: read('CLIENT_ID'),
    clientSecret: read('CLIENT_SECRET'),
    profilesPath: join(home, 'claimcheck', 'profiles.json'),
    isPlain: (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb',
  }
}
