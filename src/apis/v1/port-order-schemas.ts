import { Type } from 'typebox'
import { closed, nullable, oneOf, ref, time } from './schema-words.ts'

export const PortOrderDocument = Type.Object(
  {
    number: Type.Integer({ description: 'Of the file.' }),
    name: Type.String({ description: 'As it was given: a name, a path or a URL.' }),
    status: oneOf(['pending', 'processing', 'complete', 'error']),
    message: nullable('string'),
  },
  { $id: 'PortOrderDocument', ...closed },
)

export const PortOrder = Type.Object(
  {
    number: Type.Integer({ examples: [40093] }),
    status: Type.String({ examples: ['pending', 'processing', 'rejected', 'completed'] }),
    isOpen: Type.Boolean({ description: 'Documents may be added.' }),
    alias: nullable('string'),
    phoneNumbers: Type.Array(Type.String()),
    documents: Type.Array(ref(PortOrderDocument)),
    createdAt: Type.String(time),
    modifiedAt: Type.String(time),
  },
  { $id: 'PortOrder', ...closed },
)

export const NewDocument = Type.Object(
  {
    fileName: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
    url: Type.Optional(
      Type.String({ maxLength: 2000, pattern: '^https?://', description: 'Pulled from there.' }),
    ),
  },
  { ...closed, minProperties: 1, maxProperties: 1 },
)

export const AnnouncedDocument = Type.Object(
  {
    number: Type.Integer(),
    uploadUrl: nullable('string', {
      description: 'Where to PUT the bytes; null for a document that is pulled.',
    }),
  },
  { $id: 'AnnouncedDocument', ...closed },
)
