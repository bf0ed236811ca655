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

/** What every variable of ours begins with. */
export const prefix = 'CLAIMCHECK_'

const seconds = (least: number, most: number) => integer('seconds', least, most)

/** Every setting of the product, once: parsing, `docs/settings.md` and `claimcheck settings` follow from it. */
export const settingTable = {
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
  importMaxBytes: setting(
    'IMPORT_MAX_BYTES',
    integer('bytes', 1, 1_099_511_627_776),
    '2147483648',
    'The longest roster file that the imports API takes.',
  ),
  importRetentionSeconds: setting(
    'IMPORT_RETENTION_SECONDS',
    seconds(60, 31_536_000),
    '2592000',
    'How long the result of an import is kept.',
  ),
  importPasswordMemory: setting(
    'IMPORT_PASSWORD_MEMORY',
    integer('KiB', 1024, 1_048_576),
    '4096',
    'What an imported password costs to hash: argon2id with one pass over so much memory. 4096 lets 100,000 rows pass in minutes; 47104 is what OWASP recommends.',
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
  ordersProfile: setting(
    'ORDERS_PROFILE',
    oneOf('documented', 'shipped'),
    'documented',
    'Whether the orders API answers as its document says or as the live system does.',
  ),
  orderBatchBytes: setting(
    'ORDER_BATCH_BYTES',
    integer('bytes', 1, 1_099_511_627_776),
    '104857600',
    'A sub-order is cut when its files reach this size together.',
  ),
  orderBatchFiles: setting(
    'ORDER_BATCH_FILES',
    integer('a number', 1, 1_000_000),
    '5000',
    'A sub-order is cut when it has so many files.',
  ),
  orderBatchesAtOnce: setting(
    'ORDER_BATCHES_AT_ONCE',
    integer('a number', 1, 1000),
    '2',
    'How many sub-orders of an account may be in preparation or wait to be picked up; the next one does not start before.',
  ),
  orderMaxFiles: setting(
    'ORDER_MAX_FILES',
    integer('a number', 1, 10_000_000),
    '1000000',
    'The most files that one order may have.',
  ),
  orderSeconds: setting(
    'ORDER_SECONDS',
    seconds(60, 315_360_000),
    '604800',
    'How long an order and its files can be picked up after it was placed.',
  ),
} as const

/** One setting: its name, what it takes, and what it is when nothing is said. */
export interface Setting<T> {
  readonly name: string
  readonly kind: SettingKind<T>
  readonly default: string | null
  readonly description: string
  /** The value for a text; for none, the default's. */
  read(value: string | undefined, data: string): T | undefined
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

/** A default with the data folder put in. */
export function fillIn(byDefault: string | null, data: string): string | null {
  return byDefault === null ? null : byDefault.replace('<DATA>', () => data)
}
