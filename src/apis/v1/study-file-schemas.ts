import { Type } from 'typebox'
import { closed, nullable, time } from './schema-words.ts'

export const StudyFile = Type.Object(
  {
    number: Type.Integer(),
    name: Type.String(),
    segment: Type.String({ description: 'The last segment of its URL, not percent-encoded.' }),
    study: Type.String(),
    studyName: Type.String(),
    delivery: Type.String(),
    deliveryName: Type.String(),
    size: nullable('integer', { description: 'In bytes.' }),
    modifiedAt: Type.String(time),
  },
  { $id: 'StudyFile', ...closed },
)
