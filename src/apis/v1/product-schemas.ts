import { Type } from 'typebox'
import { closed, time } from './schema-words.ts'

const name = (description: string, examples: string[]) =>
  Type.String({ minLength: 1, maxLength: 255, description, examples })

const propertyValue = Type.Union([Type.String({ maxLength: 1000 }), Type.Number(), Type.Boolean()])

/** The field `product` of the form by which a product is published. */
export const NewProduct = Type.Object(
  {
    productId: name('Unique in your organization.', ['scene-1']),
    dataset: Type.Object(
      {
        id: name('The collection that it belongs to.', ['scenes']),
        label: Type.Optional(name('What people call it; else its id.', ['Scenes of 2026'])),
      },
      closed,
    ),
    properties: Type.Optional(
      Type.Record(
        Type.String({ minLength: 1, maxLength: 255 }),
        Type.Union([propertyValue, Type.Array(propertyValue, { maxItems: 1000 })]),
        { description: 'What it can be found by.', examples: [{ platform: 'S2A' }] },
      ),
    ),
  },
  { $id: 'NewProduct', ...closed },
)

export const Product = Type.Object(
  {
    urn: Type.String({ examples: ['URN:AIP:DATA:acme:01jhx5t1f2k3m4n5p6q7r8s9t0:V1'] }),
    productId: Type.String(),
    dataset: Type.Object({ id: Type.String(), label: Type.String() }, closed),
    version: Type.Integer(),
    files: Type.Integer(),
    bytes: Type.Integer(),
    createdAt: Type.String(time),
  },
  { $id: 'Product', ...closed },
)

/** The form itself, as the OpenAPI document shows it. */
export const productForm = {
  content: {
    'multipart/form-data': {
      schema: {
        type: 'object',
        required: ['product', 'file'],
        properties: {
          product: { $ref: 'NewProduct#', description: 'As JSON; the first field.' },
          file: {
            type: 'array',
            items: { type: 'string', format: 'binary' },
            description: 'One field for each file, of any size and media type.',
          },
          quicklook: {
            type: 'array',
            items: { type: 'string', format: 'binary' },
            description: 'The same for previews.',
          },
        },
      },
    },
  },
} as const
