import { findAccountByUsername, findPrincipal } from '../core/accounts/accounts.ts'
import type { Core } from '../core/core.ts'
import { announceUpload, listDocuments } from '../core/port-orders/port-order-files.ts'
import { searchPortOrders } from '../core/port-orders/port-order-search.ts'
import { createPortOrders } from '../core/port-orders/port-orders.ts'
import { receiveDocument } from '../core/port-orders/receive-document.ts'
import type { Principal } from '../core/principal.ts'
import { demoAccounts } from './accounts.ts'

/** What the demo's examples say of port orders. */
export interface DemoPortOrders {
  /** The number of a pending port order with two documents. */
  portOrder: string
  /** The number of its first document. */
  portOrderFile: string
}

const alias = 'Demo port order'

const documents: Record<string, string> = {
  'bill.txt': 'ACME Telephone\nAccount 4711\n+1 206 555 0100\nAmount due: 42.00\n',
  'letter of agency.txt': 'I authorize the port of my telephone numbers.\n\nJohn Doe\n',
}

/**
 * Makes a port order with two documents, where it is not there yet: the demo may be started again on
 * the data of an earlier one, also of one that was killed half-way.
 */
export async function seedPortOrders(core: Core): Promise<DemoPortOrders> {
  const principal = await demoPrincipal(core)
  const number = await findOrCreate(core, principal)
  const there = await listDocuments(core, principal, number)
  for (const [name, text] of Object.entries(documents)) {
    if (there.some((one) => one.given_name === name && one.status === 'complete')) continue
    const wish = { number, name, expiredStatus: 401 } as const
    const { grant } = await announceUpload(core, principal, wish)
    await receiveDocument(core, grant.id, { source: bytesOf(text) })
  }
  const complete = (await listDocuments(core, principal, number)).filter(
    (one) => one.status === 'complete',
  )
  return { portOrder: String(number), portOrderFile: String(complete[0]?.file_number) }
}

async function demoPrincipal(core: Core): Promise<Principal> {
  const account = await findAccountByUsername(core, demoAccounts.user.username)
  const principal = account === null ? null : await findPrincipal(core, account.id)
  if (principal === null) throw new Error('The demo account is not there, or is suspended.')
  return principal
}

async function findOrCreate(core: Core, principal: Principal): Promise<number> {
  const query = { alias, status: 'pending', limit: 1, offset: 0 } as const
  const [known] = await searchPortOrders(core, principal, query)
  if (known !== undefined) return known.delivery_number
  const { orders } = await createPortOrders(core, principal, {
    alias,
    numbers: ['+12065550100', '+12065550101'],
    details: {
      billing_name: 'John Doe',
      company: 'Leather Inc.',
      provider: 'ACME Telephone',
      street: '1218 3rd Ave',
      city: 'Seattle',
      state: 'WA',
      zip: '98101',
      country: 'US',
    },
  })
  return orders[0]?.delivery_number ?? 0
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
