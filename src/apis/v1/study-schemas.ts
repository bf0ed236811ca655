import { Type } from 'typebox'
import { closed, oneOf, time } from './schema-words.ts'

export const PublishedFile = Type.Object(
  {
    number: Type.Integer({ examples: [50987] }),
    deliveryId: Type.String(),
    name: Type.String({ examples: ['communes of 2026.csv'] }),
    segment: Type.String({ description: 'The last segment of its URL, not percent-encoded.' }),
    outcome: oneOf(['added', 'replaced', 'unchanged'], {
      description:
        '`unchanged`: these very bytes were there; the file keeps its number and its date.',
    }),
    url: Type.String({ format: 'uri', description: 'In the studies API.' }),
  },
  { $id: 'PublishedFile', ...closed },
)

export const StudyDelivery = Type.Object(
  {
    organization: Type.String({ examples: ['HAUC'] }),
    study: Type.String({ examples: ['HAUC-3'] }),
    studyName: Type.String(),
    delivery: Type.String({ examples: ['HAUC-3-2'] }),
    deliveryName: Type.String(),
    deliveryId: Type.String(),
    files: Type.Integer(),
    changedAt: Type.String(time),
    url: Type.String({ format: 'uri', description: 'Its listing, in the studies API.' }),
  },
  { $id: 'StudyDelivery', ...closed },
)
