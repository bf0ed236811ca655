import { DeliveryError } from '../../core/errors.ts'
import { mostNumbers, parsePhoneNumbers } from '../../core/port-orders/phone-number.ts'
import { portOrderStatuses } from '../../core/port-orders/port-order-status.ts'
import type { PortOrderWords } from '../../core/port-orders/port-orders.ts'
import type { PortOrderStatus } from '../../database/port-order-tables.ts'

type Members = Record<string, unknown>

/**
 * The attributes of `{"data": {"type": "portorder", "attributes": {…}}}`.
 * @throws DeliveryError `invalid`
 */
export function attributesOf(body: unknown): Members {
  const data = isObject(body) ? body.data : undefined
  if (!isObject(data)) throw invalid('data', 'must be an object')
  if (!isObject(data.attributes)) throw invalid('data.attributes', 'must be an object')
  return data.attributes
}

/** A member that some clients send bare and others as an attribute. */
export function textOf(body: unknown, name: string): string {
  const members = isObject(body) && isObject(body.data) ? attributesOf(body) : body
  const value = isObject(members) ? members[name] : undefined
  if (typeof value === 'string' && value !== '' && value.length <= 4096) return value
  throw invalid(name, 'must be a text of 1 to 4096 characters')
}

/** What the source requires of a new order. */
const required = ['billing_name', 'city', 'country', 'provider', 'state', 'street', 'zip'] as const

/** @throws DeliveryError `invalid` */
export function fromNewOrder(body: unknown): PortOrderWords & { numbers: string[] } {
  const attributes = attributesOf(body)
  const words = fromAttributes(attributes)
  for (const name of required) {
    if (words.details?.[name] == null) throw invalid(name, 'is required')
  }
  return { ...words, numbers: parsePhoneNumbers(attributes.numbers, 'numbers') }
}

const texts = [
  'billing_name',
  'billing_number',
  'city',
  'company',
  'last_4_ssn',
  'pin',
  'provider',
  'provider_account',
  'street',
  'street2',
  'usage_type',
  'zip',
]

/**
 * What the customer says of an order. Members that the source does not name, or that are not the
 * customer's to say, are passed over, so that an order can be sent back as it was read.
 * @throws DeliveryError `invalid` that names the member
 */
export function fromAttributes(attributes: Members): PortOrderWords {
  const said = {
    ...(isObject(attributes.billing_address) ? attributes.billing_address : {}),
    ...attributes,
  }
  const details: Members = {}
  for (const name of texts) copy(said, details, { name, take: text })
  copy(said, details, { name: 'state', take: matching(/^[A-Z]{2}$/, 'two capital letters') })
  copy(said, details, { name: 'country', take: matching(/^(?:US|CA)$/, '"US" or "CA"') })
  copy(said, details, { name: 'desired_completion_date', take: date })
  copy(said, details, { name: 'enable_cnam_lookups', take: flag })
  copy(said, details, { name: 'loa_details', take: members(['email', 'cc']) })
  copy(said, details, { name: 'presets', take: members(presets) })
  const alias = said.alias === undefined ? {} : { alias: text(said.alias, 'alias') }
  const url = said.status_url
  return { ...alias, ...(url === undefined ? {} : { statusUrl: statusUrl(url) }), details }
}

const presets = ['cnam_id', 'e911_id', 'alias', 'failover_route_id', 'primary_route_id']

type Take = (value: unknown, name: string) => unknown

function copy(from: Members, to: Members, { name, take }: { name: string; take: Take }): void {
  const value = from[name]
  if (value !== undefined) to[name] = value === null ? null : take(value, name)
}

function text(value: unknown, name: string): string | null {
  if (value === null || (typeof value === 'string' && value.length <= 500)) return value
  throw invalid(name, 'must be a text of at most 500 characters')
}

function matching(pattern: RegExp, expected: string): Take {
  return (value, name) => {
    if (typeof value === 'string' && pattern.test(value)) return value
    throw invalid(name, `must be ${expected}`)
  }
}

function flag(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value
  throw invalid(name, 'must be true or false')
}

function members(names: readonly string[]): Take {
  return (value, name) => {
    if (!isObject(value)) throw invalid(name, 'must be an object')
    const taken: Members = {}
    for (const member of names) copy(value, taken, { name: member, take: text })
    return taken
  }
}

/** @throws DeliveryError `invalid` for what is no day of the calendar */
export function date(value: unknown, name: string): string {
  const day = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : ''
  const parsed = new Date(`${day}T00:00:00Z`)
  if (!Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(day)) return day
  throw invalid(name, 'must be a day like "2018-07-12"')
}

function statusUrl(value: unknown): string | null {
  return value === null || value === '' ? null : webUrl(value, 'status_url')
}

/** @throws DeliveryError `invalid` */
export function webUrl(value: unknown, name: string): string {
  const url = typeof value === 'string' && value.length <= 2048 && URL.canParse(value)
  const parsed = url ? new URL(value as string) : null
  const isWeb = parsed?.protocol === 'http:' || parsed?.protocol === 'https:'
  if (parsed !== null && isWeb && parsed.username === '' && parsed.password === '') {
    return value as string
  }
  throw invalid(name, 'must be an http:// or https:// URL of at most 2048 characters')
}

/** `…/carrier_bill.pdf?filename=my_carrier_bill.pdf`: the parameter names it, else the path does. */
export function nameOfUrl(text: string): string {
  const url = new URL(text)
  const named = url.searchParams.get('filename')
  if (named !== null && named !== '') return named
  const last = url.pathname.split('/').at(-1) ?? ''
  return last === '' ? 'document' : decodeName(last)
}

function decodeName(encoded: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return encoded
  }
}

/** @throws DeliveryError `invalid` */
export function fromNumbers(body: unknown, name: 'add' | 'remove'): string[] {
  const value = isObject(body) ? body[name] : undefined
  return value === undefined ? [] : parsePhoneNumbers(value, name)
}

/**
 * Numbers that are asked about: texts of any form, because telling the wrong ones is the point.
 * @throws DeliveryError `invalid`
 */
export function fromNumbersToCheck(body: unknown): string[] {
  const numbers = isObject(body) ? body.numbers : undefined
  const isList = Array.isArray(numbers) && numbers.length > 0 && numbers.length <= mostNumbers
  if (isList && numbers.every((number) => typeof number === 'string' && number.length <= 64)) {
    return numbers
  }
  throw invalid('numbers', `must be a list of 1 to ${mostNumbers} phone numbers`)
}

/** The wish to cancel, in either spelling. */
export function isCancelled(status: unknown): boolean {
  return status === 'cancelled' || status === 'canceled'
}

/** @throws DeliveryError `invalid` for a word that is no status */
export function parseStatus(value: unknown): PortOrderStatus {
  const word = typeof value === 'string' ? value.toLowerCase() : ''
  const status = portOrderStatuses.find((one) => one === (word === 'cancelled' ? 'canceled' : word))
  if (status !== undefined) return status
  throw invalid('status', `must be one of ${portOrderStatuses.join(', ')}`)
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The refusal of a member; `problem` is the end of a sentence that begins with its name. */
export function invalid(field: string, problem: string): DeliveryError {
  return new DeliveryError('invalid', `"${field}" ${problem}.`, { details: { field } })
}
