import { ClientError } from '../client/client-error.ts'
import { type Client, createClient } from '../client/create-client.ts'
import { type ApiName, apiNames } from '../client/delivery.ts'
import { detectApi } from '../client/detect-api.ts'
import { shownUrl } from '../client/shown-url.ts'
import { type ClientEnvironment, readClientEnvironment } from './client-environment.ts'
import type { Option } from './command.ts'
import { withSecret } from './credential-helper.ts'
import { createPauseNote } from './pause-note.ts'
import { chooseProfile, type Profile, readProfiles } from './profiles.ts'
import { credentialsFor, type Secrets, signInHint } from './sign-in-options.ts'

/** The options of every command that talks to a server. */
export const connectOptions = {
  api: {
    type: 'string',
    value: 'NAME',
    choices: apiNames,
    description: `Which API the address belongs to, when it does not tell: ${apiNames.join(', ')}.`,
  },
  profile: {
    type: 'string',
    value: 'NAME',
    description: 'Sign in as this profile says; when left out, as the one for that server does.',
  },
  scope: {
    type: 'string',
    value: 'NAME',
    description: 'The scope of the token to ask for; at an orders API, the tenant.',
  },
  'token-url': {
    type: 'string',
    value: 'URL',
    description: 'Where to get tokens, when it is not where the API has them.',
  },
  json: { type: 'boolean', description: 'Print the result as one JSON document.' },
} as const satisfies Record<string, Option>

export interface ConnectValues {
  readonly api?: string
  readonly profile?: string
  readonly scope?: string
  readonly 'token-url'?: string
  readonly json?: boolean
}

export interface Connection {
  readonly client: Client
  readonly api: ApiName
  /** Absolute. */
  readonly url: string
}

/**
 * A client for an address, with what the environment or a profile has for signing in there.
 * @param said absolute, or a path at the server of CLAIMCHECK_URL or the profile
 * @param tell is given each line about a pause; when left out they go to the standard error
 * @throws ClientError `bad_input`, Error with a sentence
 */
export async function connect(
  said: string,
  values: ConnectValues,
  tell = values.json === true ? ignore : writeLine,
): Promise<Connection> {
  const environment = readClientEnvironment()
  const profiles = await readProfiles(environment.profilesPath)
  const name = values.profile ?? environment.profile
  const isAbsolute = /^https?:/i.test(said)
  const profile = chooseProfile(profiles, {
    name,
    url: isAbsolute ? said : environment.url,
  })
  const url = isAbsolute
    ? said
    : resolveUrl(said, environment.url ?? profile?.url ?? null, Object.keys(profiles))
  const api = apiOf(values.api) ?? detectApi(url)
  const secrets = await secretsOf(environment, profile, values)
  const credentials = credentialsFor(api, secrets, url)
  const client = createClient({
    ...{ url, credentials },
    onPause: createPauseNote(tell),
    signInHint: signInHint(url, secrets, credentials.kind),
  })
  return { client, api, url }
}

/**
 * Refuses the front door of a server where something at it is wanted: it would be taken for a file.
 * @throws ClientError `bad_input`
 */
export function refuseFrontDoor({ url }: Connection, { api }: ConnectValues): void {
  const { pathname, search } = new URL(url)
  if (api !== undefined || pathname !== '/' || search !== '') return
  throw new ClientError(
    'bad_input',
    `${shownUrl(url)} is a server. Give the address of something at it, such as ${url}v1/deliveries/ID or ${url}api_file/v1/ORG/; "claimcheck request" and "get --type" ask for something new.`,
  )
}

function writeLine(line: string): void {
  process.stderr.write(`${line}\n`)
}

function ignore(): void {}

function resolveUrl(said: string, base: string | null, names: readonly string[]): string {
  if (base !== null && URL.canParse(said, base)) return new URL(said, base).href
  const profile = names.length > 1 ? `--profile (there are ${names.join(', ')})` : 'a profile'
  throw new ClientError(
    'bad_input',
    `"${said}" is no address: give it with https://, or say the server by CLAIMCHECK_URL or ${profile}.`,
  )
}

function apiOf(said: string | undefined): ApiName | null {
  if (said === undefined) return null
  const known = apiNames.find((name) => name === said)
  if (known !== undefined) return known
  throw new ClientError('bad_input', `There is no API "${said}": ${apiNames.join(', ')}.`)
}

/**
 * The environment stands above a profile, but one that the command line names stands above both; an
 * identity is taken from one place as a whole.
 */
async function secretsOf(
  environment: ClientEnvironment,
  profile: Profile | null,
  values: ConnectValues,
): Promise<Secrets> {
  const { token, user, password, clientId, clientSecret, url } = environment
  const isNamed = values.profile !== undefined
  if (!isNamed) {
    refuseHalf({ USER: user, PASSWORD: password })
    refuseHalf({ CLIENT_ID: clientId, CLIENT_SECRET: clientSecret })
  }
  const isSaid =
    !isNamed && [token, user, password, clientId, clientSecret].some((one) => one !== null)
  const own = isSaid
    ? { token, user, password, clientId, clientSecret }
    : profile === null
      ? {}
      : await withSecret(profile)
  const scope = values.scope ?? profile?.scope
  const tokenUrl = values['token-url'] ?? profile?.tokenUrl
  return {
    ...withoutNull(own),
    url: isSaid ? url : (profile?.url ?? null),
    ...(isSaid ? { variable: variableOf(environment) } : {}),
    ...(scope === undefined ? {} : { scope }),
    ...(tokenUrl === undefined ? {} : { tokenUrl }),
  }
}

/** Which of them is taken, as `credentialsFor` does. */
function variableOf({ token, clientId }: ClientEnvironment): string {
  if (token !== null) return 'CLAIMCHECK_TOKEN'
  return clientId === null ? 'CLAIMCHECK_USER' : 'CLAIMCHECK_CLIENT_ID'
}

/** Half of an identity would be left out without a word. */
function refuseHalf(pair: Readonly<Record<string, string | null>>): void {
  const missing = Object.keys(pair).filter((name) => pair[name] === null)
  const [first] = missing
  if (first === undefined || missing.length === 2) return
  const other = Object.keys(pair).find((name) => name !== first)
  throw new ClientError('bad_input', `CLAIMCHECK_${other} is set, and CLAIMCHECK_${first} is not.`)
}

function withoutNull(values: object): Omit<Profile, 'url'> {
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => value !== null && name !== 'url'),
  )
}
