import { type Static, type TSchema, Type } from 'typebox'

/** A nullable member: JSON Schema's `type` as a pair, which reads better than a choice of two schemas. */
export function nullable<T extends 'string' | 'integer' | 'number'>(type: T, options: object = {}) {
  return Type.Unsafe<(T extends 'string' ? string : number) | null>({
    type: [type, 'null'],
    ...options,
  })
}

/** One of some words. */
export function oneOf<const Words extends readonly string[]>(words: Words, options: object = {}) {
  return Type.Unsafe<Words[number]>({ type: 'string', enum: words, ...options })
}

/** A schema by its name, as it stands among the document's components. */
export function ref<Schema extends TSchema>(schema: Schema) {
  return Type.Unsafe<Static<Schema>>({ $ref: nameOf(schema) })
}

/** Things in an object of their own, which leaves room for more. */
export function listOf<Schema extends TSchema>(item: Schema) {
  return Type.Unsafe<{ items: Static<Schema>[] }>({
    type: 'object',
    required: ['items'],
    properties: { items: { type: 'array', items: { $ref: nameOf(item) } } },
    additionalProperties: false,
  })
}

/** A page of things. */
export function pageOf<Schema extends TSchema>(item: Schema) {
  return Type.Unsafe<{ items: Static<Schema>[]; next: string | null }>({
    type: 'object',
    required: ['items', 'next'],
    properties: {
      items: { type: 'array', items: { $ref: nameOf(item) } },
      next: nullable('string', {
        description: 'The `cursor` of the next page; null when this is the last one.',
      }),
    },
    additionalProperties: false,
  })
}

function nameOf(schema: TSchema): string {
  const { $id } = schema as { $id?: unknown }
  if (typeof $id !== 'string') throw new Error('Only a schema with a name can be referred to.')
  return `${$id}#`
}

const time = { format: 'date-time', examples: ['2026-01-15T12:00:00.000Z'] }
const closed = { additionalProperties: false }

const states = [
  'pending',
  'running',
  'paused',
  'done',
  'incomplete',
  'failed',
  'canceled',
  'expired',
] as const
const kinds = ['download', 'order', 'study', 'import', 'port-order'] as const
const jobStates = ['waiting', 'running', 'done', 'dead', 'canceled'] as const

export const DeliveryState = oneOf(states, {
  description: 'It is over in `done`, `incomplete`, `failed`, `canceled` and `expired`.',
})
export const DeliveryKind = oneOf(kinds)
export const JobState = oneOf(jobStates)
export const CredentialKind = oneOf(['password', 'key', 'token', 'client'])

/** Any JSON. */
const Json = Type.Unsafe<unknown>({ description: 'Any JSON value.' })

export const Account = Type.Object(
  {
    id: Type.String(),
    organizationId: Type.String(),
    username: Type.String({ examples: ['ada'] }),
    name: Type.String(),
    permissions: Type.Array(Type.String(), { examples: [['download:communes']] }),
    suspendedAt: nullable('string', time),
    createdAt: Type.String(time),
  },
  { $id: 'Account', ...closed },
)

export const Me = Type.Object(
  {
    id: Type.String(),
    organizationId: Type.String(),
    username: Type.String(),
    permissions: Type.Array(Type.String()),
    scopes: Type.Unsafe<string[] | null>({
      type: ['array', 'null'],
      items: { type: 'string' },
      description: 'What the credential was narrowed to; null when it stands for the account.',
    }),
  },
  { $id: 'Me', ...closed },
)

export const DownloadType = Type.Object(
  {
    name: Type.String({ examples: ['communes'] }),
    title: Type.String(),
    description: Type.String(),
    permission: Type.String(),
    retentionSeconds: Type.Number(),
    producedBy: oneOf(['server', 'worker']),
    infoSchema: Type.Unsafe<Record<string, unknown> | null>({
      type: ['object', 'null'],
      additionalProperties: true,
      description: 'The JSON Schema of `info`; null when any is taken.',
    }),
  },
  { $id: 'DownloadType', ...closed },
)

export const Delivery = Type.Object(
  {
    id: Type.String({ examples: ['01jhx5t1f2k3m4n5p6q7r8s9t0'] }),
    number: Type.Integer({ examples: [54] }),
    kind: DeliveryKind,
    type: nullable('string', { examples: ['communes'] }),
    info: Json,
    state: DeliveryState,
    progress: Type.Number({ minimum: 0, maximum: 1 }),
    message: nullable('string', { description: 'What it is doing, or why it failed.' }),
    ownerId: Type.String(),
    createdAt: Type.String(time),
    updatedAt: Type.String(time),
    finishedAt: nullable('string', time),
    expiresAt: nullable('string', time),
  },
  { $id: 'Delivery', ...closed },
)

export const NewDelivery = Type.Object(
  {
    type: Type.String({ minLength: 1, maxLength: 200, examples: ['communes'] }),
    info: Type.Optional(Json),
  },
  { ...closed, description: 'A download of one of your download types.' },
)

const fileMembers = {
  number: Type.Integer({ examples: [50987] }),
  deliveryId: Type.String(),
  batch: Type.Integer(),
  name: Type.String({ examples: ['communes.csv'] }),
  mediaType: Type.String({ examples: ['text/csv'] }),
  state: oneOf(['pending', 'available', 'delivered', 'failed', 'expired']),
  size: nullable('integer', { description: 'In bytes.' }),
  message: nullable('string'),
  createdAt: Type.String(time),
  updatedAt: Type.String(time),
}

export const FileEntry = Type.Object(fileMembers, { $id: 'FileEntry', ...closed })

export const FileDetail = Type.Object(
  {
    ...fileMembers,
    sha256: nullable('string', { description: 'Hex; null while there are no bytes.' }),
    md5: nullable('string', { description: 'Hex.' }),
    crc32: nullable('string', { description: 'Eight hex digits.' }),
  },
  { $id: 'FileDetail', ...closed },
)

const linkMembers = {
  id: Type.String(),
  fileNumber: nullable('integer'),
  fileName: Type.String(),
  disposition: oneOf(['attachment', 'inline']),
  ownerId: Type.String({ description: 'Whom it was made for.' }),
  createdAt: Type.String(time),
  expiresAt: Type.String(time),
  revokedAt: nullable('string', time),
}

export const Link = Type.Object(linkMembers, { $id: 'Link', ...closed })

export const IssuedLink = Type.Object(
  {
    ...linkMembers,
    url: Type.String({
      format: 'uri',
      description: 'Opens the file for everybody who has it, until it expires or is revoked.',
    }),
  },
  { $id: 'IssuedLink', ...closed },
)

export const NewLink = Type.Object(
  {
    lifetimeSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 604_800,
        description: 'Left out: as the server is set.',
      }),
    ),
    disposition: Type.Optional(oneOf(['attachment', 'inline'])),
  },
  closed,
)

export const Pickup = Type.Object(
  {
    fileNumber: Type.Integer(),
    fileName: Type.String(),
    accountId: Type.String({ description: 'Who took it.' }),
    linkId: nullable('string', { description: 'The signed URL that was used last.' }),
    address: nullable('string'),
    size: nullable('integer'),
    bytesSent: Type.Integer(),
    startedAt: Type.String(time),
    updatedAt: Type.String(time),
    completedAt: nullable('string', { ...time, description: 'When all bytes had gone out.' }),
  },
  { $id: 'Pickup', ...closed },
)

export const Job = Type.Object(
  {
    number: Type.Integer(),
    kind: Type.String({ examples: ['download'] }),
    deliveryId: nullable('string'),
    producedBy: oneOf(['server', 'worker']),
    state: JobState,
    attempt: Type.Integer(),
    maxAttempts: Type.Integer(),
    stopping: Type.Boolean({ description: 'It was asked to stop and has not yet.' }),
    worker: nullable('string', { description: 'Who holds it; for administrators.' }),
    message: nullable('string', {
      description: 'Why the last attempt failed; for administrators.',
    }),
    claimableAt: nullable('string', {
      ...time,
      description: 'Its next turn, or the end of its lease while it runs.',
    }),
    createdAt: Type.String(time),
    startedAt: nullable('string', time),
    finishedAt: nullable('string', time),
  },
  { $id: 'Job', ...closed },
)

export const WorkClaim = Type.Object(
  {
    types: Type.Array(Type.String({ maxLength: 200 }), {
      minItems: 1,
      maxItems: 50,
      description: 'Download types, in the order of preference.',
      examples: [['report']],
    }),
    worker: Type.Optional(
      Type.String({ maxLength: 100, description: 'Names your program in the jobs it holds.' }),
    ),
    wait: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 30, description: 'Seconds to wait for work.' }),
    ),
  },
  closed,
)

export const Work = Type.Object(
  {
    number: Type.Integer(),
    attempt: Type.Integer({ description: 'Sent back with every later step.' }),
    type: Type.String(),
    info: Json,
    deliveryId: Type.String(),
    account: Type.Object(
      { id: Type.String(), username: Type.String(), organizationId: Type.String() },
      { ...closed, description: 'Who asked.' },
    ),
    leaseSeconds: Type.Number({
      description: 'Send a heartbeat well within this time, or another worker gets the job.',
    }),
  },
  { $id: 'Work', ...closed },
)

const attempt = Type.Integer({ minimum: 1, maximum: 1_000_000 })
const message = Type.String({ maxLength: 1000 })

export const Heartbeat = Type.Object(
  {
    attempt,
    progress: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    message: Type.Optional(message),
  },
  closed,
)

export const HeartbeatAnswer = Type.Object(
  {
    stop: Type.Boolean({
      description: 'True: nobody wants it any more; stop, and tell it by `fail`.',
    }),
    leaseSeconds: Type.Number(),
  },
  { $id: 'HeartbeatAnswer', ...closed },
)

export const WorkFile = Type.Object(
  { name: Type.String(), size: Type.Integer(), sha256: Type.String() },
  { $id: 'WorkFile', ...closed },
)

export const Completion = Type.Object({ attempt }, closed)

export const WorkFailure = Type.Object(
  {
    attempt,
    message: Type.String({ minLength: 1, maxLength: 1000, description: 'The customer reads it.' }),
    retry: Type.Optional(
      Type.Boolean({ default: true, description: 'False when another attempt cannot help.' }),
    ),
  },
  closed,
)

export const Event = Type.Object(
  {
    number: Type.Integer(),
    at: Type.String(time),
    action: Type.String({ examples: ['delivery.done'] }),
    actorId: nullable('string', { description: 'Who did it; null for the system.' }),
    deliveryNumber: nullable('integer'),
    data: Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true }),
  },
  { $id: 'Event', ...closed },
)

export const Credential = Type.Object(
  {
    id: Type.String(),
    kind: CredentialKind,
    name: Type.String(),
    publicId: nullable('string', {
      description: 'User name, access key or client id; null for a token.',
    }),
    scopes: Type.Unsafe<string[] | null>({ type: ['array', 'null'], items: { type: 'string' } }),
    createdAt: Type.String(time),
    expiresAt: nullable('string', time),
    revokedAt: nullable('string', time),
  },
  { $id: 'Credential', ...closed },
)

export const NewCredential = Type.Object(
  {
    kind: CredentialKind,
    name: Type.Optional(Type.String({ maxLength: 200 })),
    expiresAt: Type.Optional(Type.String(time)),
    scopes: Type.Optional(
      Type.Array(Type.String({ maxLength: 100 }), { maxItems: 50, description: 'Of a client.' }),
    ),
    password: Type.Optional(
      Type.String({ maxLength: 1000, description: 'The new password, for kind `password`.' }),
    ),
  },
  closed,
)

export const IssuedCredential = Type.Object(
  {
    id: Type.String(),
    kind: CredentialKind,
    token: Type.Optional(Type.String()),
    accessKey: Type.Optional(Type.String()),
    secretKey: Type.Optional(Type.String()),
    clientId: Type.Optional(Type.String()),
    clientSecret: Type.Optional(Type.String()),
  },
  { $id: 'IssuedCredential', ...closed, description: 'Its secret is shown this once.' },
)

export const NewAccount = Type.Object(
  {
    username: Type.String({ minLength: 1, maxLength: 1000 }),
    name: Type.Optional(Type.String({ maxLength: 200 })),
    permissions: Type.Optional(Type.Array(Type.String({ maxLength: 300 }), { maxItems: 1000 })),
  },
  closed,
)

export const AccountChange = Type.Object(
  {
    permissions: Type.Optional(Type.Array(Type.String({ maxLength: 300 }), { maxItems: 1000 })),
    suspended: Type.Optional(Type.Boolean()),
  },
  { ...closed, minProperties: 1 },
)

export const Organization = Type.Object(
  { id: Type.String(), code: Type.String(), name: Type.String(), createdAt: Type.String(time) },
  { $id: 'Organization', ...closed },
)

export const NewOrganization = Type.Object(
  {
    code: Type.String({ minLength: 1, maxLength: 1000 }),
    name: Type.Optional(Type.String({ maxLength: 200 })),
  },
  closed,
)

export const Problem = Type.Object(
  {
    type: Type.String({ examples: ['/problems/not-found'] }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'A sentence for people.' }),
    code: Type.String({ description: 'For programs; stable.', examples: ['not_found'] }),
    errors: Type.Optional(
      Type.Array(
        Type.Object(
          {
            path: Type.String({ description: 'A JSON Pointer (RFC 6901).' }),
            problem: Type.String(),
          },
          closed,
        ),
      ),
    ),
  },
  { $id: 'Problem', ...closed, description: 'An error (RFC 9457).' },
)

/** The schemas that have a name in the document. */
export const namedSchemas = [
  Account,
  Me,
  DownloadType,
  Delivery,
  FileEntry,
  FileDetail,
  Link,
  IssuedLink,
  Pickup,
  Job,
  Work,
  HeartbeatAnswer,
  WorkFile,
  Event,
  Credential,
  IssuedCredential,
  Organization,
  Problem,
] as const
