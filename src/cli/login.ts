import { call } from '../client/call.ts'
import { ClientError } from '../client/client-error.ts'
import { createClient } from '../client/create-client.ts'
import { asObject, asText } from '../client/json.ts'
import { readClientEnvironment } from './client-environment.ts'
import { defineCommand, UsageError } from './command.ts'
import { eraseSecret, storeSecret } from './credential-helper.ts'
import { print } from './print.ts'
import { originOf, type Profile, readProfiles, writeProfiles } from './profiles.ts'
import { readSecret } from './read-password.ts'
import { credentialsFor } from './sign-in-options.ts'

export const login = defineCommand({
  description:
    'Keeps how to sign in at a server as a profile, in a file that only you can read; a keyring may keep the secret instead. The secret is asked for at the terminal, or is the first line of the standard input.',
  arguments: [{ name: 'url', required: true, description: 'The server.' }],
  options: {
    profile: {
      type: 'string',
      value: 'NAME',
      description: 'What to call it; the name of the host when left out.',
    },
    user: { type: 'string', value: 'NAME', description: 'With a user name, or an access key.' },
    client: { type: 'string', value: 'ID', description: 'As an OAuth2 client.' },
    scope: {
      type: 'string',
      value: 'NAME',
      description: 'The scope of the tokens to ask for; at an orders API, the tenant.',
    },
    'token-url': { type: 'string', value: 'URL', description: 'Where to get tokens.' },
    helper: {
      type: 'string',
      value: 'HELPER',
      choices: ['libsecret', 'osxkeychain', 'manager'],
      description:
        'Leave the secret to this credential helper, as git has them for the keyring of each system: libsecret, osxkeychain, manager, the path of a program, or "!COMMAND".',
    },
    forget: {
      type: 'boolean',
      description: 'Remove the profile for the server, and its secret from where it is kept.',
    },
    json: { type: 'boolean', description: 'Print the result as one JSON document.' },
  },
  examples: [
    { command: 'claimcheck login https://files.example', description: 'With an API token.' },
    {
      command: 'claimcheck login https://files.example --user ada < password.txt',
      description: 'With a password out of a file.',
    },
    {
      command: 'claimcheck login https://files.example --helper osxkeychain',
      description: 'With an API token that the keychain of macOS keeps.',
    },
    { command: 'claimcheck login https://files.example --forget', description: 'No more.' },
  ],
  async run({ values, positionals: [url = ''] }) {
    const { origin } = webAddress(url)
    if (values.forget === true) return await forget(origin, values)
    const { user, client: clientId, scope, 'token-url': tokenUrl, helper } = values
    if (user !== undefined && clientId !== undefined) {
      throw new UsageError('--user and --client contradict each other.')
    }
    const question =
      user !== undefined ? 'Password: ' : clientId !== undefined ? 'Secret: ' : 'Token: '
    const secret = await readSecret(question)
    const profile: Profile = {
      url,
      ...(scope === undefined ? {} : { scope }),
      ...(tokenUrl === undefined ? {} : { tokenUrl }),
      ...(user !== undefined
        ? { user, password: secret }
        : clientId !== undefined
          ? { clientId, clientSecret: secret }
          : { token: secret }),
    }
    const signedIn = await tryOut(profile, origin)
    const { profilesPath } = readClientEnvironment()
    const name = values.profile ?? new URL(url).host
    const profiles = await readProfiles(profilesPath)
    const kept = helper === undefined ? profile : await storeSecret(profile, helper)
    await writeProfiles(profilesPath, { ...profiles, [name]: kept })
    const who = signedIn === null ? 'It was not tried out' : `You are ${signedIn}`
    print(
      values.json,
      { profile: name, path: profilesPath, username: signedIn },
      `${who}; the profile "${name}" is in ${profilesPath}.`,
    )
  },
})

function webAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`"${text}" is no web address.`)
  }
  // It would stand in the file of profiles.
  if (url.username === '' && url.password === '') return url
  throw new UsageError(
    'Say who you are by --user NAME, not in the address; the password is asked for.',
  )
}

async function forget(
  origin: string,
  { profile: named, json }: { readonly profile?: string; readonly json?: boolean },
): Promise<void> {
  const { profilesPath } = readClientEnvironment()
  const profiles = await readProfiles(profilesPath)
  const found = Object.entries(profiles).find(
    ([name, { url }]) => originOf(url) === origin && (named === undefined || name === named),
  )
  if (found === undefined) throw new Error(`There is no such profile for ${origin}.`)
  const [name, profile] = found
  await eraseSecret(profile)
  const { [name]: _forgotten, ...rest } = profiles
  await writeProfiles(profilesPath, rest)
  print(json, { profile: name, forgotten: true }, `The profile "${name}" is forgotten.`)
}

/**
 * Who one is with it: at a server with a `/v1`, else null.
 * @throws ClientError `unauthenticated`
 */
async function tryOut(profile: Profile, origin: string): Promise<string | null> {
  const client = createClient({
    url: origin,
    credentials: credentialsFor('v1', profile, origin),
    retry: { attempts: 1 },
  })
  try {
    const { body } = await call(client.transport, { url: `${origin}/v1/me` })
    return asText(asObject(body).username)
  } catch (error) {
    if (!(error instanceof ClientError) || error.code === 'unreachable') throw error
    // A server of another kind has its tokens elsewhere.
    if (error.code === 'unauthenticated' && error.details.status !== 404) throw error
    return null
  }
}
