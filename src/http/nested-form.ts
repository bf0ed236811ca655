import { DeliveryError } from '../core/errors.ts'

/** Deeper nesting than this is nobody's form. */
const MAX_DEPTH = 5
const MAX_FIELDS = 1000

interface Branch {
  [key: string]: string | Branch
}

/**
 * Reads a urlencoded form whose names nest by brackets, as Rails and Faraday write them:
 * `download[info][code]=75` is `{ download: { info: { code: '75' } } }`. Every value is a text.
 * @throws DeliveryError `malformed` for broken encoding, brackets or depth
 */
export function parseNestedForm(text: string): Branch {
  const root: Branch = Object.create(null)
  const fields = text === '' ? [] : text.split('&')
  if (fields.length > MAX_FIELDS) {
    throw new DeliveryError('malformed', `A form has at most ${MAX_FIELDS} fields.`)
  }
  for (const field of fields) {
    const equals = field.indexOf('=')
    const name = decode(equals < 0 ? field : field.slice(0, equals))
    insert(root, pathOf(name), equals < 0 ? '' : decode(field.slice(equals + 1)))
  }
  return root
}

function pathOf(name: string): string[] {
  const match = /^([^[\]]+)((?:\[[^[\]]+\])*)$/.exec(name)
  if (match === null) {
    throw new DeliveryError('malformed', `The form has a field "${name}" that cannot be read.`)
  }
  const [, first = '', rest = ''] = match
  const path = [first, ...rest.slice(1, -1).split('][').filter(Boolean)]
  if (path.length > MAX_DEPTH) {
    throw new DeliveryError('malformed', `The form nests deeper than ${MAX_DEPTH} levels.`)
  }
  return path
}

function insert(root: Branch, path: readonly string[], value: string): void {
  let branch = root
  for (const key of path.slice(0, -1)) {
    const child = branch[key] ?? Object.create(null)
    if (typeof child === 'string') throw twice(path)
    branch[key] = child
    branch = child
  }
  const last = path.at(-1) ?? ''
  if (typeof branch[last] === 'object') throw twice(path)
  branch[last] = value
}

function twice(path: readonly string[]): DeliveryError {
  return new DeliveryError('malformed', `The form gives "${path.join('.')}" two meanings.`)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (cause) {
    throw new DeliveryError('malformed', 'The form is not well encoded.', { cause })
  }
}
