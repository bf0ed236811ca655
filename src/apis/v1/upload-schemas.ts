import { Type } from 'typebox'
import { NewLink } from './link-schemas.ts'
import { closed, nullable, oneOf, time } from './schema-words.ts'

const uploadMembers = {
  id: Type.String(),
  state: oneOf(['receiving', 'done', 'failed'], {
    description: '`done` when it is whole and where it goes.',
  }),
  message: nullable('string', { description: 'Why it failed.' }),
  size: nullable('integer', { description: 'As it was announced, in bytes.' }),
  received: Type.Integer({ description: 'How many bytes are safe.' }),
  createdAt: Type.String(time),
  expiresAt: Type.String({
    ...time,
    description: 'When it is given up unless more comes; a finished one is forgotten then.',
  }),
  deliveryId: nullable('string', { description: 'What came of it: the delivery.' }),
  fileNumber: nullable('integer', { description: 'And its file; null for an import.' }),
}

export const Upload = Type.Object(uploadMembers, { $id: 'Upload', ...closed })

const fileMembers = {
  name: Type.String({ minLength: 1, maxLength: 255, examples: ['communes.csv'] }),
  mediaType: Type.Optional(
    Type.String({ maxLength: 200, description: 'Where the name does not tell.' }),
  ),
  size: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'In bytes. When it does not hold, nothing is kept.',
    }),
  ),
  sha256: Type.Optional(
    Type.String({
      pattern: '^[0-9a-f]{64}$',
      description: 'Hex. When it does not hold, nothing is kept.',
    }),
  ),
}

export const NewUploadLink = Type.Object(
  {
    ...fileMembers,
    lifetimeSeconds: NewLink.properties.lifetimeSeconds,
    networks: NewLink.properties.networks,
  },
  closed,
)

export const NewPull = Type.Object(
  {
    ...fileMembers,
    url: Type.String({
      maxLength: 8000,
      description:
        'http or https. It must lead to a public address, or to one that the operator allows.',
      examples: ['https://data.example/communes.csv'],
    }),
  },
  closed,
)
