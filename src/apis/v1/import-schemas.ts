import { Type } from 'typebox'
import { Delivery } from './delivery-schemas.ts'
import { closed, nullable } from './schema-words.ts'

export const Import = Type.Object(
  {
    ...Delivery.properties,
    fileName: Type.String(),
    template: nullable('string', { description: 'The TAO template that the header row named.' }),
    rows: Type.Object(
      {
        created: Type.Integer(),
        updated: Type.Integer(),
        unchanged: Type.Integer(),
        failed: Type.Integer(),
      },
      closed,
    ),
  },
  { $id: 'Import', ...closed },
)
