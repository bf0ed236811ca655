import type { Kysely } from 'kysely'
import type { Connection } from '../database/database.ts'
import { hotInsert, hotQuery, hotStatement } from '../database/hot-query.ts'
import type { DeliveryKind, DeliveryRow, DeliveryState, Tables } from '../database/tables.ts'
import type { Core } from './core.ts'
import { demandTransition, isOver } from './delivery-state.ts'
import { DeliveryError } from './errors.ts'
import { recordEvents } from './events/events.ts'
import { newId } from './ids.ts'
import { kindPermissions } from './kind-permissions.ts'
import type { Thing } from './may.ts'
import { hasPermission, type Principal } from './principal.ts'
import { type StudyPath, studyPermission } from './studies/study-path.ts'
import type { Change } from './transact.ts'

export interface NewDelivery {
  kind: DeliveryKind
  organizationId: string
  ownerId: string
  actorId: string | null
  /** Of a download: the name of its type. */
  type?: string
  info?: unknown
  state?: DeliveryState
  expiresAt?: number
}

/** Inserts a delivery, `pending` unless said otherwise, and tells it to the feed. */
export async function insertDelivery(change: Change, delivery: NewDelivery): Promise<DeliveryRow> {
  const state = delivery.state ?? 'pending'
  const row = await insertRow(change.db, {
    id: newId(change.now),
    kind: delivery.kind,
    organization_id: delivery.organizationId,
    owner_id: delivery.ownerId,
    type: delivery.type ?? null,
    info: delivery.info === undefined ? null : JSON.stringify(delivery.info),
    state,
    progress: state === 'done' ? 1 : 0,
    message: null,
    created_at: change.now,
    updated_at: change.now,
    finished_at: isOver(state) ? change.now : null,
    expires_at: delivery.expiresAt ?? null,
  })
  await tellFeed(change, row, 'delivery.created', delivery.actorId)
  return row
}

const insertRow = hotInsert('deliveries')

export interface Move {
  to: DeliveryState
  actorId?: string | null
  /** From 0 to 1. */
  progress?: number
  message?: string | null
  expiresAt?: number | null
}

/**
 * Takes a delivery to another state and tells it to the feed.
 * @throws DeliveryError `conflict` when that step is not allowed from where it is.
 */
export async function moveDelivery(
  change: Change,
  row: DeliveryRow,
  move: Move,
): Promise<DeliveryRow> {
  demandTransition(row.state, move.to)
  const { expiresAt } = move
  const [moved] = await (expiresAt === undefined ? moveRow : moveRowUntil)(change.db, [
    move.to,
    move.to === 'done' ? 1 : (move.progress ?? row.progress),
    move.message ?? null,
    change.now,
    isOver(move.to) ? (row.finished_at ?? change.now) : null,
    ...(expiresAt === undefined ? [] : [expiresAt]),
    row.number,
    row.state,
  ])
  if (moved === undefined) {
    throw new DeliveryError('conflict', 'The delivery has just changed; read it again.')
  }
  await tellFeed(change, moved, `delivery.${move.to}`, move.actorId ?? null)
  return moved
}

function moving(db: Kysely<Tables>, expiry: { expires_at?: number }) {
  return (
    db
      .updateTable('deliveries')
      .set({
        state: 'pending',
        progress: 0,
        message: null,
        updated_at: 0,
        finished_at: null,
        ...expiry,
      })
      .where('number', '=', 0)
      // Two may have read the same state: only one of them moves it.
      .where('state', '=', 'pending')
      .returningAll()
      .compile()
  )
}

const moveRow = hotStatement((db) => moving(db, {}))
const moveRowUntil = hotStatement((db) => moving(db, { expires_at: 0 }))

/** Notes how far a delivery is, without an event: a reader is woken, the feed does not grow. */
export async function noteProgress(
  change: Change,
  number: number,
  progress: number,
  message: string | null,
): Promise<void> {
  await change.db
    .updateTable('deliveries')
    .set({ progress, message, updated_at: change.now })
    .where('number', '=', number)
    .where('state', 'in', ['pending', 'running'])
    .execute()
  change.signal('delivery', String(number))
}

async function tellFeed(
  change: Change,
  row: DeliveryRow,
  action: string,
  actorId: string | null,
): Promise<void> {
  change.signal('delivery', String(row.number))
  await recordEvents(change, [
    {
      organizationId: row.organization_id,
      ownerId: row.owner_id,
      actorId,
      action,
      deliveryNumber: row.number,
      data: { id: row.id, kind: row.kind, type: row.type, state: row.state, message: row.message },
    },
  ])
}

/** A delivery by its id, outside of a change: every poll comes here. */
export async function readDelivery(core: Core, id: string): Promise<DeliveryRow | null> {
  const [row] = await byId(core.database, [id])
  return row ?? null
}

function withId(db: Kysely<Tables>) {
  return db.selectFrom('deliveries').selectAll().where('id', '=', '').compile()
}

const byId = hotQuery(withId)
const byIdIn = hotStatement(withId)

/** A delivery by its id; null when there is none. */
export async function findDelivery(db: Connection, id: string): Promise<DeliveryRow | null> {
  const [row] = await byIdIn(db, [id])
  return row ?? null
}

/** A delivery by its number; null when there is none. */
export async function findDeliveryByNumber(
  db: Connection,
  number: number,
): Promise<DeliveryRow | null> {
  const [row] = await byNumber(db, [number])
  return row ?? null
}

const byNumber = hotStatement((db) =>
  db.selectFrom('deliveries').selectAll().where('number', '=', 0).compile(),
)

/** Those of the given numbers that are there, in no promised order; at most 1,000. */
export async function findDeliveriesByNumber(
  db: Connection,
  numbers: readonly number[],
): Promise<DeliveryRow[]> {
  if (numbers.length === 0) return []
  return await db.selectFrom('deliveries').selectAll().where('number', 'in', numbers).execute()
}

export interface DeliveriesQuery {
  /** Only those with a smaller number: the next page, because the newest come first. */
  before?: number
  kind?: DeliveryKind
  state?: DeliveryState
  /** All of the organization instead of the caller's own; for its administrators. */
  all?: boolean
  /** At most 1,000. */
  limit: number
}

/**
 * The caller's deliveries, newest first.
 * @throws DeliveryError `forbidden` when somebody else than an administrator asks for all.
 */
export async function listDeliveries(
  core: Core,
  principal: Principal,
  query: DeliveriesQuery,
): Promise<DeliveryRow[]> {
  if (query.all && !hasPermission(principal, 'admin')) {
    throw new DeliveryError('forbidden', 'Only administrators see the deliveries of all accounts.')
  }
  let rows = core.database.kysely
    .selectFrom('deliveries')
    .selectAll()
    .where('organization_id', '=', principal.organizationId)
    .orderBy('number', 'desc')
    .limit(Math.min(query.limit, 1000))
  if (!query.all) rows = rows.where('owner_id', '=', principal.accountId)
  if (query.before !== undefined) rows = rows.where('number', '<', query.before)
  if (query.kind !== undefined) rows = rows.where('kind', '=', query.kind)
  if (query.state !== undefined) rows = rows.where('state', '=', query.state)
  return rows.execute()
}

/** What decides who may have a delivery. */
export type DeliveryPlace = Pick<
  DeliveryRow,
  'kind' | 'type' | 'info' | 'organization_id' | 'owner_id'
>

/** What `may` needs to know of a delivery. */
export function deliveryThing(core: Core, row: DeliveryPlace): Thing {
  if (row.kind === 'study') return studyThing(row)
  return {
    organizationId: row.organization_id,
    ownerId: row.owner_id,
    permission: permissionOf(core, row),
  }
}

function permissionOf(core: Core, { kind, type }: DeliveryPlace): string | null {
  if (type === null) return kindPermissions[kind]
  // A type that was taken out of the configuration keeps the permission it would have by default.
  return core.downloadTypes.get(type)?.permission ?? `download:${type}`
}

/** What is published belongs to its organization: whoever sees the study picks it up, wherever they ask. */
function studyThing(row: DeliveryPlace): Thing {
  const { organization, study } = JSON.parse(row.info ?? '{}') as StudyPath
  const permission = studyPermission('study', organization, study)
  return { organizationId: row.organization_id, ownerId: null, permission }
}

/** Deliveries whose time is over and that are not `expired` yet, the longest overdue first. */
export async function findExpired(
  db: Connection,
  now: number,
  limit: number,
): Promise<DeliveryRow[]> {
  return await db
    .selectFrom('deliveries')
    .selectAll()
    .where('expires_at', '<=', now)
    .where('state', '!=', 'expired')
    .orderBy('expires_at')
    .limit(limit)
    .execute()
}
