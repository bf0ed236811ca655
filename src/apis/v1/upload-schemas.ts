import { Type } from 'typebox'
import { closed, nullable, oneOf, time } from './schema-words.ts'

export const Upload = Type.Object(
  {
    id: Type.String(),
    state: oneOf(['receiving', 'done'], {
      description: '`done` when it is whole and where it goes.',
    }),
    size: nullable('integer', { description: 'As it was announced, in bytes.' }),
    received: Type.Integer({ description: 'How many bytes are safe.' }),
    createdAt: Type.String(time),
    expiresAt: Type.String({
      ...time,
      description: 'When it is given up unless more comes; a finished one is forgotten then.',
    }),
    deliveryId: nullable('string', { description: 'What came of it: the delivery.' }),
    fileNumber: nullable('integer', { description: 'And its file; null for an import.' }),
  },
  { $id: 'Upload', ...closed },
)
