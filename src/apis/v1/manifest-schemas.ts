import { Type } from 'typebox'
import { selectionMembers } from './link-schemas.ts'
import { closed, nullable, time } from './schema-words.ts'

export const NewManifest = Type.Object(
  {
    ...selectionMembers,
    name: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, examples: ['invoices of 2026'] }),
    ),
    lifetimeSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 7_776_000,
        description: 'Up to 90 days; seven days when left out.',
      }),
    ),
  },
  closed,
)

const manifestMembers = {
  id: Type.String(),
  name: Type.String(),
  deliveryId: nullable('string', {
    description: 'The delivery that it lists, as that is when it is asked; null for chosen files.',
  }),
  files: nullable('integer', { description: 'How many were chosen; null for a delivery.' }),
  createdAt: Type.String(time),
  expiresAt: Type.String(time),
  revokedAt: nullable('string', time),
}

export const Manifest = Type.Object(manifestMembers, { $id: 'Manifest', ...closed })

const address = (description: string) => Type.String({ format: 'uri', description })

export const IssuedManifest = Type.Object(
  {
    ...manifestMembers,
    urls: Type.Object(
      {
        json: address('For `claimcheck get`, and for programs.'),
        metalink: address(
          'Metalink 4 with SHA-256 of each file and of the pieces of large ones, for `aria2c` and others.',
        ),
        aria2: address('A list for `aria2c -i`.'),
        wget: address('A list for `wget -i`.'),
        curl: address('A list for `curl -K`.'),
      },
      { ...closed, description: 'The same list in five forms. They are secrets, told only now.' },
    ),
  },
  { $id: 'IssuedManifest', ...closed },
)
