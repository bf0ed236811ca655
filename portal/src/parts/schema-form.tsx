import { useId } from 'preact/hooks'
import type { FieldError } from '../api.ts'
import { inWords } from '../sentences.ts'
import { t } from '../texts.ts'
import type { JsonSchema } from '../wire.ts'

/** What a form holds, by the JSON Pointers of its fields; texts as they were typed. */
export type Draft = Record<string, string | boolean>

interface FieldsProps {
  schema: JsonSchema
  draft: Draft
  errors: readonly FieldError[]
  onChange(draft: Draft): void
}

/** A form made from a JSON Schema: a field for each member, and a plain JSON field where that does not do. */
export function SchemaFields({ schema, draft, errors, onChange }: FieldsProps) {
  const members = Object.entries(schema.properties ?? {})
  if (members.length === 0) return null
  return (
    <>
      {members.map(([name, member]) => (
        <Field
          key={name}
          name={name}
          schema={member}
          isRequired={schema.required?.includes(name) ?? false}
          value={draft[name] ?? initialValue(member)}
          error={errors.find((error) => concerns(error, name))}
          onChange={(value) => onChange({ ...draft, [name]: value })}
        />
      ))}
    </>
  )
}

/** Is it this member that is wrong? The server's sentence may name it as `info.name`. */
function concerns({ path, problem }: FieldError, name: string): boolean {
  return path === `/info/${name}` || problem.split(/[\s[]/).includes(`info.${name}`)
}

interface FieldProps {
  name: string
  schema: JsonSchema
  isRequired: boolean
  value: string | boolean
  error: FieldError | undefined
  onChange(value: string | boolean): void
}

function Field({ name, schema, isRequired, value, error, onChange }: FieldProps) {
  const id = useId()
  const described = [
    schema.description === undefined ? '' : `${id}-hint`,
    error === undefined ? '' : `${id}-error`,
  ].join(' ')
  const common = {
    id,
    name,
    required: isRequired,
    'aria-describedby': described.trim() === '' ? undefined : described.trim(),
    'aria-invalid': error === undefined ? undefined : true,
  }
  return (
    <div class={`field${kindOf(schema) === 'boolean' ? ' check' : ''}`}>
      <label for={id}>
        {schema.title ?? name}
        {!isRequired && kindOf(schema) !== 'boolean' && (
          <span class="quiet"> ({t('optional')})</span>
        )}
      </label>
      <Control schema={schema} value={value} common={common} onChange={onChange} />
      {schema.description !== undefined && (
        <p class="quiet" id={`${id}-hint`}>
          {schema.description}
        </p>
      )}
      {error !== undefined && (
        <p class="field-error" id={`${id}-error`}>
          {inWords(error.problem)}
        </p>
      )}
    </div>
  )
}

interface ControlProps {
  schema: JsonSchema
  value: string | boolean
  common: { id: string; name: string; required: boolean }
  onChange(value: string | boolean): void
}

function Control({ schema, value, common, onChange }: ControlProps) {
  const text = String(value)
  const type = (event: { currentTarget: { value: string } }) => onChange(event.currentTarget.value)
  const { required: _required, ...optional } = common
  switch (kindOf(schema)) {
    case 'boolean':
      return (
        <input
          {...optional}
          type="checkbox"
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      )
    case 'choice':
      return (
        <select {...common} value={text} onChange={type}>
          <option value="">{t('choose')}</option>
          {(schema.enum ?? []).map((one) => (
            <option key={String(one)} value={String(one)}>
              {String(one)}
            </option>
          ))}
        </select>
      )
    case 'number':
      return (
        <input
          {...common}
          type="number"
          value={text}
          {...(schema.minimum === undefined ? {} : { min: schema.minimum })}
          {...(schema.maximum === undefined ? {} : { max: schema.maximum })}
          step={schema.type === 'integer' ? 1 : 'any'}
          onInput={type}
        />
      )
    case 'list':
    case 'json':
      return <textarea {...common} rows={4} value={text} spellcheck={false} onInput={type} />
    default:
      return (
        <input
          {...common}
          {...(schema.format === 'date' ? { type: 'date' as const } : {})}
          value={text}
          {...(schema.pattern === undefined
            ? {}
            : // The browser shows the title where the text does not match.
              { pattern: schema.pattern, title: schema.description ?? schema.pattern })}
          {...(schema.maxLength === undefined ? {} : { maxLength: schema.maxLength })}
          autocomplete="off"
          onInput={type}
        />
      )
  }
}

type FieldKind = 'text' | 'number' | 'boolean' | 'choice' | 'list' | 'json'

function kindOf({ type, enum: words, items }: JsonSchema): FieldKind {
  if (words !== undefined) return 'choice'
  if (type === 'boolean') return 'boolean'
  if (type === 'integer' || type === 'number') return 'number'
  if (type === 'array') return items?.type === 'string' ? 'list' : 'json'
  return type === 'string' ? 'text' : 'json'
}

function initialValue(schema: JsonSchema): string | boolean {
  const { default: given } = schema
  if (kindOf(schema) === 'boolean') return given === true
  return given === undefined ? '' : typeof given === 'string' ? given : JSON.stringify(given)
}

/**
 * What was filled in, as JSON; fields that were left empty are left out.
 * @throws SyntaxError when a JSON field holds none
 */
export function readDraft(schema: JsonSchema, draft: Draft): Record<string, unknown> {
  const entries = Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const value = draft[name] ?? initialValue(member)
    if (value === '') return []
    return [[name, toJson(member, value)] as const]
  })
  return Object.fromEntries(entries)
}

function toJson(schema: JsonSchema, value: string | boolean): unknown {
  if (typeof value === 'boolean') return value
  switch (kindOf(schema)) {
    case 'number':
      return Number(value)
    case 'choice':
      return schema.enum?.find((one) => String(one) === value)
    case 'list':
      return value.split('\n').filter((line) => line.trim() !== '')
    case 'json':
      return JSON.parse(value)
    default:
      return value
  }
}
