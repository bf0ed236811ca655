import * as Schema from 'typebox/schema'
import { suggest } from '../suggest.ts'

/** A JSON Schema made ready: plain JSON, and the check it stands for. */
export interface InfoSchema {
  readonly schema: Record<string, unknown>
  /** A sentence that says what is wrong with an `info`, naming the place; null when it is right. */
  readonly check: (info: unknown) => string | null
}

type Complaint = ReturnType<Schema.Validator['Errors']>[1][number]

/**
 * Makes a JSON Schema (2020-12) ready.
 * @throws Error when it is no schema; the message says what is wrong with it, as it stands after
 * "is not a JSON Schema: ".
 */
export function compileInfoSchema(given: object): InfoSchema {
  // TypeBox keeps its own marks beside the schema; what is left as JSON is what customers see.
  const schema: Record<string, unknown> = JSON.parse(JSON.stringify(given))
  refuseWrongKeywords(schema)
  refuseUnknownKeywords(schema, 'info')
  refuseLostReferences(schema)
  const validator = Schema.Compile(schema)
  return { schema, check: (info) => (validator.Check(info) ? null : explain(validator, info)) }
}

const draft = 'https://json-schema.org/draft/2020-12/schema'

/** The compiler takes `{ type: 'strng' }` as a schema that everything fits. */
function refuseWrongKeywords(schema: Record<string, unknown>): void {
  const [right, complaints] = Schema.Errors(Schema.Meta[draft], schema)
  if (!right) throw new Error(sentence(complaints, 'info').replace(/\.$/, ''))
}

const keywords = new Set(
  `$schema $id $ref $defs $anchor $dynamicRef $dynamicAnchor $comment $vocabulary definitions title
  description default examples deprecated readOnly writeOnly type enum const allOf anyOf oneOf not if
  then else properties patternProperties additionalProperties propertyNames required minProperties
  maxProperties dependentRequired dependentSchemas items prefixItems contains minContains maxContains
  minItems maxItems uniqueItems minLength maxLength pattern format minimum maximum exclusiveMinimum
  exclusiveMaximum multipleOf unevaluatedItems unevaluatedProperties contentEncoding
  contentMediaType contentSchema`.split(/\s+/),
)
const schemasByName = new Set(['properties', 'patternProperties', '$defs', 'definitions'])
const data = new Set(['const', 'enum', 'default', 'examples'])

/** JSON Schema ignores what it does not know; a misspelt `requierd` would let everything through. */
function refuseUnknownKeywords(schema: unknown, path: string): void {
  if (typeof schema !== 'object' || schema === null) return
  if (Array.isArray(schema)) {
    for (const [index, each] of schema.entries()) refuseUnknownKeywords(each, `${path}[${index}]`)
    return
  }
  for (const [keyword, value] of Object.entries(schema)) {
    const meant = keywords.has(keyword) ? null : suggest(keyword, keywords)
    if (meant !== null) {
      throw new Error(`${path} has the unknown keyword "${keyword}"; did you mean "${meant}"?`)
    }
    if (data.has(keyword)) continue
    const inside = `${path}.${keyword}`
    if (!schemasByName.has(keyword)) refuseUnknownKeywords(value, inside)
    else if (typeof value === 'object' && value !== null) {
      for (const [name, each] of Object.entries(value)) {
        refuseUnknownKeywords(each, `${inside}.${name}`)
      }
    }
  }
}

/** A reference that leads nowhere would refuse whatever stands there, without a reason. */
function refuseLostReferences(schema: Record<string, unknown>): void {
  const references: string[] = []
  const targets = new Set(['#'])
  JSON.stringify(schema, (key, value: unknown) => {
    if (typeof value !== 'string') return value
    if (key === '$ref') references.push(value)
    if (key === '$id') targets.add(value)
    if (key === '$anchor') targets.add(`#${value}`)
    return value
  })
  const lost = references.find((reference) => !targets.has(reference) && !leads(schema, reference))
  if (lost !== undefined) throw new Error(`its $ref "${lost}" leads nowhere`)
}

function leads(schema: unknown, reference: string): boolean {
  if (!reference.startsWith('#/')) return false
  const steps = decodeURIComponent(reference).split('/').slice(1).map(unescapeStep)
  let here = schema
  for (const step of steps) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return false
    here = (here as Record<string, unknown>)[step]
  }
  return true
}

/** RFC 6901 §4. */
function unescapeStep(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~')
}

function explain(validator: Schema.Validator, info: unknown): string {
  const known = Object.keys((validator.Schema() as { properties?: object }).properties ?? {})
  const complaints = validator.Errors(info)[1]
  const stranger = complaints.find((complaint) => complaint.keyword === 'additionalProperties')
  if (stranger?.keyword === 'additionalProperties' && complaints[0]?.keyword === 'boolean') {
    const [name = ''] = stranger.params.additionalProperties
    const meant = stranger.instancePath === '' ? suggest(name, known) : null
    const hint = meant === null ? '.' : `; did you mean "${meant}"?`
    return `${place(stranger.instancePath, 'info')} must not have "${name}"${hint}`
  }
  return sentence(complaints, 'info')
}

/** The first complaint as a sentence; for a choice of schemas, why none of them fits. */
function sentence(complaints: readonly Complaint[], root: string): string {
  const choice = complaints.find(
    ({ keyword, instancePath }) =>
      (keyword === 'anyOf' || keyword === 'oneOf') && instancePath === complaints[0]?.instancePath,
  )
  const first = choice ?? complaints[0]
  if (first === undefined) return `${root} is not valid.`
  const where = place(first.instancePath, root)
  if (choice === undefined) return `${where} ${wrong(first)}.`
  const inside = complaints.filter(
    (complaint) => complaint !== choice && complaint.schemaPath.startsWith(`${choice.schemaPath}/`),
  )
  const reasons = [...new Set(inside.map(wrong))].slice(0, 8)
  const consts = inside.flatMap((each) => (each.keyword === 'const' ? [each.params] : []))
  if (consts.length > 0 && consts.length === inside.length) {
    return `${where} must be ${list(consts.map(({ allowedValue }) => allowedValue))}.`
  }
  return `${where} ${reasons.length === 0 ? 'fits none of the allowed forms' : reasons.join(' or ')}.`
}

function wrong(complaint: Complaint): string {
  switch (complaint.keyword) {
    case 'required':
      return `must have ${complaint.params.requiredProperties.map((name) => `"${name}"`).join(', ')}`
    case 'enum':
      return `must be ${list(complaint.params.allowedValues)}`
    case 'const':
      return `must be ${JSON.stringify(complaint.params.allowedValue)}`
    case 'type':
      return `must be ${[complaint.params.type].flat().map(withArticle).join(' or ')}`
    case 'format':
      return `must be text of the format "${complaint.params.format}"`
    case 'boolean':
      return 'is not allowed here'
    default:
      return complaint.message
  }
}

function withArticle(type: string): string {
  if (type === 'null') return type
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`
}

function list(values: readonly unknown[]): string {
  const shown = values.slice(0, 12).map((value) => JSON.stringify(value))
  if (values.length > shown.length) shown.push('…')
  return shown.length === 1 ? `${shown[0]}` : `one of ${shown.join(', ')}`
}

/** `/lines/0/code` as `info.lines[0].code`. */
function place(pointer: string, root: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map(unescapeStep)
    .reduce((path, step) => (/^\d+$/.test(step) ? `${path}[${step}]` : `${path}.${step}`), root)
}
