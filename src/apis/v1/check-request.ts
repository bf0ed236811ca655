import type { FastifySchemaCompiler } from 'fastify'
import type { Static, TSchema } from 'typebox'
import * as Schema from 'typebox/schema'
import { DeliveryError } from '../../core/errors.ts'
import type { Complaint } from './errors.ts'

type Fault = ReturnType<Schema.Validator['Errors']>[1][number]

/**
 * Checks requests against the schemas of their routes: members that no schema knows are refused,
 * nothing is converted in a body, and text becomes numbers or booleans in paths and queries, where
 * there is only text. What is wrong is an `invalid` error with JSON Pointers in `details.errors`.
 */
export const checkRequest: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  // Bytes are for the handler, which streams them.
  if ('content' in schema || ('format' in schema && schema.format === 'binary')) return () => true
  const validator = Schema.Compile(schema)
  return (given: unknown) => {
    const value = httpPart === 'body' ? given : fromText(schema, given)
    if (validator.Check(value)) return { value }
    return { error: refusal(validator.Errors(value)[1], httpPart ?? 'request') }
  }
}

/**
 * Asks that a value, which a handler has read by itself, fits its schema.
 * @throws DeliveryError `invalid`, as for a body
 */
export function demandFit<Fitting extends TSchema>(
  schema: Fitting,
  value: unknown,
): Static<Fitting> {
  const validator = Schema.Compile(schema)
  if (!validator.Check(value)) throw refusal(validator.Errors(value)[1], 'body')
  return value as Static<Fitting>
}

/** Texts as the numbers and booleans that their schemas ask for; `1.5` is no integer, and stays a text. */
function fromText(schema: TSchema, given: unknown): unknown {
  const { properties = {} } = schema as { properties?: Record<string, { type?: unknown }> }
  const values = Object.entries(given as Record<string, unknown>).map(([name, value]) => {
    const type = Object.hasOwn(properties, name) ? properties[name]?.type : undefined
    if (typeof value !== 'string') return [name, value]
    if (type === 'integer' && /^-?\d{1,20}$/.test(value)) return [name, Number(value)]
    if (type === 'boolean' && /^(true|false)$/.test(value)) return [name, value === 'true']
    return [name, value]
  })
  return Object.fromEntries(values)
}

const parts: Record<string, string> = { querystring: 'query', params: 'path' }

function refusal(faults: readonly Fault[], httpPart: string): DeliveryError {
  const errors = faults.flatMap(toComplaints)
  const [first] = errors
  const part = parts[httpPart] ?? httpPart
  const where = first === undefined || first.path === '' ? 'it' : `"${first.path}"`
  const sentence = `The ${part} is not valid: ${where} ${first?.problem ?? 'has a wrong form'}.`
  return new DeliveryError('invalid', sentence, { details: { errors } })
}

function toComplaints(fault: Fault): Complaint[] {
  const path = fault.instancePath
  switch (fault.keyword) {
    case 'required':
      return fault.params.requiredProperties.map((name) => ({
        path: `${path}/${pointerStep(name)}`,
        problem: 'is required',
      }))
    case 'additionalProperties':
      return fault.params.additionalProperties.map((name) => ({
        path: `${path}/${pointerStep(name)}`,
        problem: 'is not known here',
      }))
    case 'boolean':
      // It repeats each unknown member.
      return []
    case 'enum':
      return [{ path, problem: `must be one of ${fault.params.allowedValues.join(', ')}` }]
    default:
      return [{ path, problem: fault.message }]
  }
}

/** RFC 6901 §3. */
function pointerStep(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
