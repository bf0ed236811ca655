import type { PortOrderGroup } from '../../core/port-orders/change-port-orders.ts'
import type { PortOrderDocument } from '../../core/port-orders/port-order-files.ts'
import type { PortOrder } from '../../core/port-orders/port-order-numbers.ts'
import type { Portability } from '../../core/port-orders/portability.ts'
import type {
  PortOrderFileRow,
  PortOrderFileStatus,
  PortOrderRow,
  PortOrderStatus,
} from '../../database/port-order-tables.ts'

/** How this API speaks. */
export interface Dialect {
  profile: 'documented' | 'shipped'
  /** Keeps to JSON:API 1.1 where the source does not. */
  strict: boolean
}

/** Where links begin: `https://host/v2/portorders`. */
export type Base = string

/** A JSON:API resource object. */
export interface Resource {
  attributes: Record<string, unknown>
  id: string
  links?: { self: string }
  type: string
}

/** `2018-07-31T21:34:17.576092+00:00`: the document's form, microseconds and an offset. */
function formatExpiry(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/Z$/, '000+00:00')
}

/** `2018-07-31T21:34:17Z`: to the second. */
function formatSecond(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

/** The signed URL of a document, to get it from or to put it to. */
export function toFileUrl(
  { file }: PortOrderDocument,
  { url, expiresAt, base }: { url: string; expiresAt: number; base: Base },
): Resource {
  return {
    attributes: { expires: formatExpiry(expiresAt), url },
    id: String(file.number),
    links: { self: fileLink(base, file.delivery_number, file.number) },
    type: 'portorder-file-url',
  }
}

/** A document that is pulled, or that has no bytes yet. */
export function toFile({ file, facts }: PortOrderDocument, base: Base): Resource {
  return {
    attributes: {
      filename: facts.original_url ?? facts.given_name,
      file: file.name,
      original_url: facts.original_url,
      status: facts.status,
      ...(facts.message === null ? {} : { message: facts.message }),
    },
    id: String(file.number),
    links: { self: fileLink(base, file.delivery_number, file.number) },
    type: 'portorder-file',
  }
}

export interface OrderView {
  documents: readonly PortOrderFileRow[]
  base: Base
  dialect: Dialect
}

/** A port order as the document prints it. */
export function toOrder(order: PortOrder, view: OrderView): Resource {
  const details = JSON.parse(order.details) as Record<string, unknown>
  const said = (name: string, otherwise: unknown = null) => details[name] ?? otherwise
  return {
    attributes: {
      alias: order.alias,
      billing_address: {
        city: said('city'),
        country: said('country'),
        state: said('state'),
        street: said('street'),
        street2: said('street2'),
        zip: said('zip'),
      },
      billing_name: said('billing_name'),
      billing_number: said('billing_number', ''),
      business_documents: toBusinessDocuments(order, view),
      comments: [],
      company: said('company'),
      completion_date: order.completion_date,
      cost: null,
      desired_completion_date: said('desired_completion_date'),
      enable_cnam_lookups: said('enable_cnam_lookups', false),
      group_id: String(order.group_number),
      last_4_ssn: said('last_4_ssn', ''),
      loa_details: { cc: null, email: null, ...(said('loa_details', {}) as object) },
      numbers: order.numbers,
      pin: said('pin'),
      presets: { ...noPresets, ...(said('presets', {}) as object) },
      provider: said('provider'),
      provider_account: said('provider_account'),
      ...toStatusAttributes(order),
      status_url: order.status_url,
      usage_type: said('usage_type'),
    },
    id: String(order.delivery_number),
    links: { self: `${view.base}/${order.delivery_number}` },
    type: 'portorder',
  }
}

const noPresets = {
  cnam_id: null,
  e911_id: null,
  alias: null,
  failover_route_id: null,
  primary_route_id: null,
}

/** The source shows a document once it has come, or failed to come. */
const documentStatuses = {
  pending: null,
  processing: null,
  complete: 'uploaded',
  error: 'failed',
} as const satisfies Record<PortOrderFileStatus, string | null>

/**
 * The source documents two forms: a list in a list of resource objects, and a flat one. The flat one
 * is kept for JSON:API, which keeps `links` out of attributes.
 */
function toBusinessDocuments(order: PortOrder, { documents, base, dialect }: OrderView): unknown[] {
  const shown = documents.flatMap((facts) => {
    const status = documentStatuses[facts.status]
    const filename = facts.original_url ?? facts.given_name
    return status === null ? [] : [{ number: facts.file_number, attributes: { filename, status } }]
  })
  if (dialect.strict) return shown.map(({ attributes }) => attributes)
  if (shown.length === 0) return []
  const data = shown.map(({ number, attributes }) => ({
    attributes,
    id: String(number),
    links: { self: fileLink(base, order.delivery_number, number) },
    type: 'portorder-file',
  }))
  return [{ data }]
}

function toStatusAttributes(row: PortOrderRow): {
  status: PortOrderStatus
  status_updated_at: string | null
} {
  const at = row.status_updated_at
  return { status: row.status, status_updated_at: at === null ? null : formatSecond(at) }
}

/** The status of a port order as the document prints it. */
export function toStatus(row: PortOrderRow): Resource {
  return {
    attributes: toStatusAttributes(row),
    id: String(row.delivery_number),
    type: 'portorder',
  }
}

/** The answer to a cancellation spells the word as the request does. */
export function toCancelled(row: PortOrderRow): Resource {
  const { attributes, ...rest } = toStatus(row)
  const status = row.status === 'canceled' ? 'cancelled' : row.status
  return { ...rest, attributes: { ...attributes, status } }
}

/** A group with the status of each of its orders. */
export function toGroup(group: PortOrderGroup, base: Base): Resource {
  return {
    attributes: {
      status: group.summary,
      orders: group.orders.map((order) => ({
        id: String(order.delivery_number),
        status: order.status,
        numbers: order.numbers,
      })),
    },
    id: String(group.number),
    links: { self: `${base}?group_id=${group.number}&status` },
    type: 'portorder_group',
  }
}

export interface ListView {
  orders: readonly Resource[]
  links: { self: string; next: string | null; prev: string | null }
  dialect: Dialect
}

/** A list: in the envelope that the source prints, or flat where JSON:API is kept to. */
export function toList({ orders, links, dialect }: ListView): Record<string, unknown> {
  if (dialect.strict) return { data: orders, links: withoutNull(links) }
  return { data: { attributes: { orders: { data: orders } }, type: 'portorder_list' }, links }
}

function withoutNull(links: Record<string, string | null>): Record<string, string | null> {
  return Object.fromEntries(Object.entries(links).filter(([, link]) => link !== null))
}

/** The letter of agency: what the customer is to sign. */
export function toLetter(order: PortOrder): Record<string, unknown> {
  const details = JSON.parse(order.details) as Record<string, unknown>
  const names = ['billing_name', 'company', 'street', 'street2', 'city', 'state', 'zip', 'country']
  const said = names.map((name) => [name, details[name] ?? null])
  return {
    ...Object.fromEntries(said),
    numbers: order.numbers,
    provider: details.provider ?? null,
    provider_account: details.provider_account ?? null,
    signature_name: null,
    signature_title: null,
  }
}

function fileLink(base: Base, order: number, file: number): string {
  return `${base}/${order}/files/${file}`
}

/** "A list of portable, non-portable, and hypernetwork-enabled phone numbers"; there is no such network here. */
export function toPortability({ portable, nonportable }: Portability) {
  return { hypernetwork_enabled: [], nonportable, portable }
}
