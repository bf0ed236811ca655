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

/** A time (RFC 3339). */
export const time = { format: 'date-time', examples: ['2026-01-15T12:00:00.000Z'] }

/** Without members that have no schema. */
export const closed = { additionalProperties: false }

/** Any JSON. */
export const Json = Type.Unsafe<unknown>({ description: 'Any JSON value.' })

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
    file: Type.Optional(
      Type.Integer({
        description: 'Of several files that were asked for, the first that is refused.',
      }),
    ),
  },
  { $id: 'Problem', ...closed, description: 'An error (RFC 9457).' },
)
