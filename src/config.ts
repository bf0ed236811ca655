import { existsSync, readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import {
  addresses,
  databaseUrl,
  host,
  integer,
  keys,
  oneOf,
  origin,
  path,
  type SettingKind,
  storageUrl,
} from './setting-kinds.ts'
import { suggest } from './suggest.ts'

const prefix = 'CLAIMCHECK_'

const seconds = (least: number, most: number) => integer('seconds', least, most)

/** Every setting of the product, once: parsing, `docs/settings.md` and `claimcheck settings` follow from it. */
const table = {
  host: setting('HOST', host, '127.0.0.1', 'The address to listen on; 0.0.0.0 or :: for all.'),
  port: setting(
    'PORT',
    integer('a port', 0, 65535),
    '8080',
    'The TCP port to listen on; 0 takes any that is free.',
  ),
  data: setting('DATA', path, './data', 'The folder for what Claimcheck keeps itself.'),
  database: setting(
    'DATABASE_URL',
    databaseUrl,
    'sqlite:<DATA>/claimcheck.sqlite',
    'The database: one file for one node, PostgreSQL for many.',
  ),
  storage: setting(
    'STORAGE_URL',
    storageUrl,
    'file:<DATA>/objects',
    'Where the bytes of files are: a folder for one node, an S3 bucket for many.',
  ),
  publicUrl: optional(
    'PUBLIC_URL',
    origin,
    'Where customers reach the server; absolute links begin with it. When not set they begin with the host of the request.',
  ),
  trustedProxies: setting(
    'TRUSTED_PROXIES',
    addresses,
    '',
    'The proxies in front of the server whose X-Forwarded headers are believed.',
  ),
  signingKeys: setting(
    'SIGNING_KEYS',
    keys,
    '',
    'The keys of signed URLs, the same on all nodes; the first signs, the others still verify.',
  ),
  masterKeys: setting(
    'MASTER_KEYS',
    keys,
    '',
    'The keys that wrap stored secrets, the same on all nodes; the first wraps, the others still unwrap.',
  ),
  signedUrlSeconds: setting(
    'SIGNED_URL_SECONDS',
    seconds(1, 604_800),
    '900',
    'How long a signed URL lives.',
  ),
  leaseSeconds: setting(
    'LEASE_SECONDS',
    seconds(1, 3600),
    '45',
    'How long a job stays with a worker that no longer gives a sign of life.',
  ),
  jobConcurrency: setting(
    'JOB_CONCURRENCY',
    integer('a number', 0, 64),
    '4',
    'How many jobs this node runs at the same time; 0 for none.',
  ),
  jobRetrySeconds: setting(
    'JOB_RETRY_SECONDS',
    seconds(0, 3600),
    '5',
    'How long a job that failed waits before it is tried again; doubles with each failure.',
  ),
  orphanGraceSeconds: setting(
    'ORPHAN_GRACE_SECONDS',
    seconds(0, 2_592_000),
    '3600',
    'How long bytes that no file refers to are left alone before the sweep removes them.',
  ),
  sweepSeconds: setting(
    'SWEEP_SECONDS',
    seconds(1, 86_400),
    '300',
    'How often the server expires what is over its time and sweeps.',
  ),
  maxBodyBytes: setting(
    'MAX_BODY_BYTES',
    integer('bytes', 1024, 1_073_741_824),
    '1048576',
    'The longest JSON or form body that is accepted; file uploads have no limit here.',
  ),
  shutdownSeconds: setting(
    'SHUTDOWN_SECONDS',
    seconds(0, 3600),
    '25',
    'How long a stopping server lets requests and jobs finish before it hands them back.',
  ),
  logLevel: setting(
    'LOG_LEVEL',
    oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    'info',
    'How much is logged, as JSON lines on the standard output.',
  ),
  config: optional(
    'CONFIG',
    path,
    'The file that configures download types; when not set, ./claimcheck.config.ts if it is there.',
  ),
  encrypt: setting(
    'ENCRYPT',
    oneOf('documents', 'all'),
    'documents',
    'Which files are encrypted where they are stored: the documents of port orders, or all that come in.',
  ),
  maxDocumentBytes: setting(
    'MAX_DOCUMENT_BYTES',
    integer('bytes', 1, 5_368_709_120),
    '104857600',
    'The longest document of a port order, uploaded or pulled.',
  ),
  outgoingAllow: setting(
    'OUTGOING_ALLOW',
    addresses,
    '',
    'Private networks that pulled documents may come from and callbacks may go to; public addresses always may.',
  ),
  tlsCert: optional(
    'TLS_CERT',
    path,
    'The certificate chain (PEM) for HTTPS; read again when the file changes.',
  ),
  tlsKey: optional('TLS_KEY', path, 'The private key (PEM) of the certificate.'),
  httpRedirectPort: optional(
    'HTTP_REDIRECT_PORT',
    integer('a port', 0, 65535),
    'With HTTPS: a port on which plain HTTP is sent on to it.',
  ),
  portOrdersProfile: setting(
    'PORT_ORDERS_PROFILE',
    oneOf('documented', 'shipped'),
    'documented',
    'Whether the port orders API answers as its document says or as the live system does.',
  ),
  jsonApiStrict: setting(
    'JSON_API_STRICT',
    oneOf('off', 'on'),
    'off',
    'Whether the port orders API keeps to JSON:API 1.1 where its document does not.',
  ),
  downloadsProfile: setting(
    'DOWNLOADS_PROFILE',
    oneOf('documented', 'shipped'),
    'documented',
    'Whether the downloads API answers as its document says or as the live system does.',
  ),
} as const

/** The settings of one run, parsed and frozen. */
export type Settings = {
  readonly [K in keyof typeof table]: (typeof table)[K] extends Setting<infer T> ? T : never
}

export type Environment = Readonly<Record<string, string | undefined>>

/** A setting cannot be used; the message is a sentence for the operator and holds no secret. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

/** Read by the client commands, which know nothing of the server's settings. */
const clientNames = ['TOKEN', 'USER', 'PASSWORD', 'CLIENT_ID', 'CLIENT_SECRET', 'URL', 'PROFILE']
const clientVariables = new Set(clientNames.map((name) => `CLAIMCHECK_${name}`))

interface Setting<T> {
  readonly name: string
  readonly kind: SettingKind<T>
  readonly default: string | null
  readonly description: string
  /** The value for a text; for none, the default's. */
  read(value: string | undefined, data: string): T | undefined
}

const settings: Record<string, Setting<unknown>> = table

/**
 * The settings that an environment asks for. An empty variable counts as not set.
 * @param labels what to call a variable in a message, where it came from elsewhere: `--port`
 * @throws SettingsError when a variable of ours is unknown or malformed
 */
export function readSettings(environment: Environment, labels: Environment = {}): Settings {
  refuseUnknown(environment)
  const data = environment[table.data.name] || (table.data.default ?? '')
  const entries = Object.entries(settings).map(([key, { name, kind, read }]) => {
    const given = environment[name] || undefined
    const value = read(given, data)
    if (value !== undefined) return [key, value]
    const shown = kind.secret || given === undefined ? '' : ` "${kind.show(given)}"`
    throw new SettingsError(
      `${labels[name] ?? name}${shown} is not valid: expected ${kind.expects}.`,
    )
  })
  return Object.freeze(Object.fromEntries(entries)) as Settings
}

export interface EnvironmentOptions {
  /** A file of KEY=VALUE lines that must be there; by default `claimcheck.env` if it is there. */
  readonly envFile?: string | undefined
  /** What a command's own options say; stands above everything else. */
  readonly overrides?: Environment
}

/**
 * The variables of the process, over those of the env file.
 * @throws SettingsError when a named env file cannot be read
 */
export function loadEnvironment(options: EnvironmentOptions = {}): Environment {
  const implied = existsSync('claimcheck.config.ts')
    ? { [table.config.name]: './claimcheck.config.ts' }
    : {}
  return withoutEmpty([implied, readEnvFile(options.envFile), process.env, options.overrides ?? {}])
}

/** Does the operator want to see the stack of what should never happen, even when no settings can be read? */
export function isDebugging(): boolean {
  return process.env[table.logLevel.name] === 'debug'
}

/** A setting as the operator sees it. */
export interface SettingReport {
  readonly name: string
  readonly expects: string
  /** As written in the documentation; null when there is none. */
  readonly default: string | null
  readonly secret: boolean
  readonly description: string
  /** In force; `(hidden)` for a secret that is set, null for nothing. */
  readonly value: string | null
  readonly isSet: boolean
}

/** Every setting with what an environment makes of it, secrets hidden; in the order of the documentation. */
export function reportSettings(environment: Environment): SettingReport[] {
  const data = environment[table.data.name] || (table.data.default ?? '')
  return Object.values(settings).map(({ name, kind, default: byDefault, description }) => {
    const given = environment[name] || null
    const value = given === null ? fillIn(byDefault, data) : kind.show(given)
    return {
      name,
      expects: kind.expects,
      default: byDefault || null,
      secret: kind.secret,
      description,
      value: value || null,
      isSet: given !== null,
    }
  })
}

function setting<T>(name: string, kind: SettingKind<T>, byDefault: string, description: string) {
  return {
    name: prefix + name,
    kind,
    default: byDefault,
    description,
    read: (value, data) => kind.parse(value ?? fillIn(byDefault, data) ?? ''),
  } satisfies Setting<T>
}

function optional<T>(name: string, kind: SettingKind<T>, description: string): Setting<T | null> {
  return {
    name: prefix + name,
    kind,
    default: null,
    description,
    read: (value) => (value === undefined ? null : kind.parse(value)),
  }
}

function fillIn(byDefault: string | null, data: string): string | null {
  return byDefault === null ? null : byDefault.replace('<DATA>', () => data)
}

function refuseUnknown(environment: Environment): void {
  const known = Object.values(settings).map(({ name }) => name)
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(prefix) || value === undefined || known.includes(name)) continue
    if (clientVariables.has(name) || name.startsWith('CLAIMCHECK_TEST_')) continue
    const meant = suggest(name, known)
    const hint = meant === null ? 'docs/settings.md lists them all' : `did you mean ${meant}?`
    throw new SettingsError(
      `${name} is not a setting of Claimcheck: ${hint}${meant === null ? '.' : ''}`,
    )
  }
}

function readEnvFile(named: string | undefined): Environment {
  const file = named ?? 'claimcheck.env'
  if (named === undefined && !existsSync(file)) return {}
  try {
    return parseEnv(readFileSync(file, 'utf8'))
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    const reason = missing ? 'there is no such file' : String(cause)
    throw new SettingsError(`The settings file ${file} cannot be read: ${reason}.`, { cause })
  }
}

/** Later ones win; an empty variable hides nothing. */
function withoutEmpty(layers: readonly Environment[]): Environment {
  return Object.fromEntries(
    layers.flatMap((layer) => Object.entries(layer).filter(([, value]) => value)),
  )
}
