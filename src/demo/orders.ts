import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import BetterSqlite3 from 'better-sqlite3'
import { findAccountByUsername, findPrincipal } from '../core/accounts/accounts.ts'
import type { Clock } from '../core/clock.ts'
import type { Core } from '../core/core.ts'
import { isPreparing } from '../core/orders/order-batches.ts'
import { listOwnOrders, type OrderView, placeOrder } from '../core/orders/orders.ts'
import { findProductById, type NewProduct, publishProduct } from '../core/orders/products.ts'
import type { Principal } from '../core/principal.ts'
import { storeBytes } from '../core/stored-files.ts'
import type { PrepareFile } from '../workers/prepare-file.ts'

/** Numbers of the demo's orders, for the examples. */
export interface DemoOrders {
  /** Of three sub-orders two are ready and the third is blocked: 206. */
  order: number
  /** Nothing of it is ready: 204. */
  pendingOrder: number
}

const region = 'region:(24 OR 28 OR 53)'
const archived = 'productId:population-*'
const DAY_MS = 24 * 3600 * 1000

/** The demo's cold tier: what lies in the archive is there a day after it was ordered. */
export function createColdTier(now: Clock): PrepareFile {
  return async ({ productId, orderedAt }) => {
    if (!productId.startsWith('population-')) return 'available'
    return now() >= orderedAt + DAY_MS ? 'available' : { askAgainSeconds: 600 }
  }
}

/** Publishes the demo's products and places its two orders, where they are not there yet. */
export async function seedOrders(core: Core, source: string): Promise<DemoOrders> {
  const account = await findAccountByUsername(core, 'demo')
  const principal = account === null ? null : await findPrincipal(core, account.id)
  if (principal === null) throw new Error('The demo account is not there.')
  await publishAll(core, principal.organizationId, source)
  const order = await findOrPlace(core, principal, { name: 'demo-order', query: region })
  const query = { name: 'demo-pending-order', query: archived }
  const pendingOrder = await findOrPlace(core, principal, query)
  // Its first two sub-orders take a moment; whoever reads the report may ask for them at once.
  for (let looks = 0; looks < 500 && (await isPreparing(core.database.kysely, order)); looks += 1) {
    await pause(20)
  }
  return { order, pendingOrder }
}

async function findOrPlace(
  core: Core,
  principal: Principal,
  { name, query }: { name: string; query: string },
): Promise<number> {
  const { orders } = await listOwnOrders(core, principal, { offset: 0, limit: 1000 })
  const known = orders.find((view) => view.order.correlation_id === name && isUsable(view))
  if (known !== undefined) return known.delivery.number
  const { number } = await placeOrder(core, principal, {
    queries: [query],
    dataTypes: [],
    fileNamePattern: null,
    correlationId: name,
    label: name,
    maxBytes: null,
    idempotencyKey: randomUUID(),
  })
  return number
}

function isUsable({ delivery, order }: OrderView): boolean {
  return order.deleted_at === null && delivery.state !== 'expired' && delivery.state !== 'canceled'
}

interface Departement {
  code: string
  name: string
  region: string
}

async function publishAll(core: Core, organizationId: string, source: string): Promise<void> {
  const database = new BetterSqlite3(source, { readonly: true })
  try {
    const departements = database
      .prepare(
        `select code, name, region from departements where region in ('24', '28', '53') order by code`,
      )
      .all() as Departement[]
    for (const departement of departements) {
      const lines = database
        .prepare(
          'select code, name, postal_codes, population from communes where departement = ? order by code',
        )
        .raw()
        .all(departement.code) as (string | number | null)[][]
      const common = { organizationId, departement, lines }
      await publishUnlessThere(core, { ...common, dataset: 'communes' })
      if (departement.region === '53') {
        await publishUnlessThere(core, { ...common, dataset: 'population' })
      }
    }
  } finally {
    database.close()
  }
}

interface DemoProduct {
  organizationId: string
  departement: Departement
  lines: readonly (readonly (string | number | null)[])[]
  dataset: 'communes' | 'population'
}

async function publishUnlessThere(core: Core, product: DemoProduct): Promise<void> {
  const { organizationId, departement, lines, dataset } = product
  const productId = `${dataset}-${departement.code}`
  if ((await findProductById(core.database.kysely, organizationId, productId)) !== null) return
  const text = lines.map((line) => `${line.map((cell) => cell ?? '').join(';')}\n`).join('')
  const published: NewProduct = {
    organizationId,
    productId,
    dataset: { id: dataset, label: `The ${dataset} of French départements` },
    properties: {
      departement: departement.code,
      name: departement.name,
      communes: lines.length,
      ...(dataset === 'communes' ? { region: departement.region } : {}),
    },
    files: [
      {
        name: `${productId}.csv`,
        mediaType: 'text/csv',
        dataType: 'RAWDATA',
        bytes: await storeBytes(core, 'products', bytesOf(text)),
      },
    ],
  }
  await publishProduct(core, 'system', published)
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
