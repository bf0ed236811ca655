import type {
  Between,
  PortOrderKey,
  PortOrderQuery,
} from '../../core/port-orders/port-order-search.ts'
import { date, invalid, parseStatus } from './requests.ts'

/** A query string as the web framework parses it. */
export type RawQuery = Record<string, string | string[] | undefined>

/**
 * The filters of a search ("Searching for Port Orders"); parameters that it does not name are ignored.
 * @throws DeliveryError `invalid` that names the parameter
 */
export function parseSearch(query: RawQuery): PortOrderQuery {
  const numbers = lists(query, 'numbers') ?? lists(query, 'numbers[]')
  return {
    ...(numbers === undefined ? {} : { numbers: numbers.map(restorePlus) }),
    ...given(query, 'group_id', (value) => ({ group: whole(value, 'group_id', 1) })),
    ...given(query, 'status', (value) => ({ status: parseStatus(value) })),
    ...given(query, 'alias', (alias) => ({ alias })),
    ...given(query, 'completion_date', (day) => ({ completionDate: date(day, 'completion_date') })),
    modified: between(query, 'modified'),
    created: between(query, 'created'),
    completed: between(query, 'completed'),
    order: (lists(query, 'order_by') ?? []).map(parseKey),
    // "A maximum of 200 items can be retrieved with 10 being the default value."
    limit: Math.min(200, whole(one(query, 'limit') ?? '10', 'limit', 1)),
    offset: whole(one(query, 'offset') ?? '0', 'offset', 0),
  }
}

/** Does the query ask for the status of a group: `?group_id=41351&status`? */
export function asksForGroup(query: RawQuery): number | null {
  const group = one(query, 'group_id')
  if (group === undefined || query.status !== '') return null
  return whole(group, 'group_id', 1)
}

function given<T>(query: RawQuery, name: string, use: (value: string) => T): T | undefined {
  const value = one(query, name)
  return value === undefined || value === '' ? undefined : use(value)
}

function one(query: RawQuery, name: string): string | undefined {
  const value = query[name]
  return Array.isArray(value) ? value.at(-1) : value
}

function lists(query: RawQuery, name: string): string[] | undefined {
  const value = query[name]
  if (value === undefined || value === '') return undefined
  return (Array.isArray(value) ? value : [value]).flatMap((part) => part.split(','))
}

/** A plus sign that was not percent-encoded arrives as a space. */
function restorePlus(number: string): string {
  return number.replace(/^ /, '+').trim()
}

function whole(value: string, name: string, least: number): number {
  if (/^\d{1,12}$/.test(value) && Number(value) >= least) return Number(value)
  throw invalid(name, `must be a whole number from ${least}`)
}

function between(query: RawQuery, name: string): Between {
  return {
    ...given(query, `${name}_after`, (value) => ({ after: time(value, `${name}_after`) })),
    ...given(query, `${name}_before`, (value) => ({ before: time(value, `${name}_before`) })),
  }
}

/** A day, or a time with or without an offset; UTC where none is said. */
function time(value: string, name: string): number {
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+ -]\d{2}:?\d{2})?)?$/.exec(
      value,
    )
  const [, day = '', clock = '00:00', offset = 'Z'] = match ?? []
  const parsed = Date.parse(`${day}T${clock}${offset.replace(' ', '+')}`)
  if (!Number.isNaN(parsed)) return parsed
  throw invalid(name, 'must be a date like "2018-07-12" or a time like "2018-07-12T21:34:17Z"')
}

const keys: Record<string, PortOrderKey> = {
  status: 'status',
  completion_date: 'completion_date',
  alias: 'alias',
  modified_date: 'modified_at',
  created_date: 'created_at',
  completed_date: 'completed_at',
  id: 'delivery_number',
}

function parseKey(text: string): { by: PortOrderKey; descending: boolean } {
  const name = text.trim().replace(/^-/, '')
  const by = Object.hasOwn(keys, name) ? keys[name] : undefined
  if (by !== undefined) return { by, descending: text.trim().startsWith('-') }
  throw invalid('order_by', `must be of ${Object.keys(keys).join(', ')}`)
}
