import { Type } from 'typebox'
import { closed, nullable, oneOf, time } from './schema-words.ts'

const CredentialKind = oneOf(['password', 'key', 'token', 'client', 'identity'])
/** An identity is tied by signing in with the provider. */
const IssuedKind = oneOf(['password', 'key', 'token', 'client'])

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
    kind: IssuedKind,
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
    kind: IssuedKind,
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
