import { createHash } from 'node:crypto'
import type { Connection } from '../../database/database.ts'
import type { DeliveryFileState, DeliveryKind, DeliveryRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { deliveryThing, findDeliveriesByNumber } from '../deliveries.ts'
import { DeliveryError } from '../errors.ts'
import { demand, permissionsFor } from '../may.ts'
import type { Principal } from '../principal.ts'

/** A file that was asked for: with its bytes, or with the reason why it has none. */
export type Candidate =
  | {
      readonly name: string
      readonly folders: boolean
      readonly fileNumber: number
      readonly storedFileId: string
      readonly size: number
      readonly crc32: number
      readonly modifiedAt: number
      /** When its delivery's time ends; null for never. */
      readonly endsAt: number | null
    }
  | { readonly name: string; readonly missing: string }

/** The files of an archive in their order, a page of at most 1,000 at a time. It can be walked again. */
export type ArchiveSource = () => AsyncIterable<readonly Candidate[]>

const PAGE = 1000
/** Kinds whose names may say folders; in the others `/` is a character as any other, and not a good one. */
const kindsWithFolders: ReadonlySet<DeliveryKind> = new Set(['study'])

/** The files of one delivery, in the order of their numbers. */
export function filesOfDelivery(
  core: Core,
  delivery: DeliveryRow,
  { onlyAvailable }: { onlyAvailable: boolean },
): ArchiveSource {
  return async function* pages() {
    for (let after = 0; ; ) {
      const rows = await candidateRows(core.database.kysely)
        .where('delivery_files.delivery_number', '=', delivery.number)
        .where('delivery_files.number', '>', after)
        .orderBy('delivery_files.number')
        .limit(PAGE)
        .execute()
      const wanted = onlyAvailable ? rows.filter((row) => row.state !== 'delivered') : rows
      yield wanted.map((row) => toCandidate(row, delivery))
      const last = rows.at(-1)
      if (last === undefined || rows.length < PAGE) return
      after = last.number
      await nextTurn()
    }
  }
}

/** Numbers of files in the order in which they are wanted: a list, or a search that can be made again. */
export type FileNumbers = readonly number[] | (() => AsyncIterable<readonly number[]>)

/**
 * Files by their numbers, whatever deliveries they stand in. Walking it asks for the permission to
 * each of them, and notes in `needs` what it takes to have them.
 * @throws DeliveryError `not_found`, `not_yours`, `forbidden`, while it is walked
 */
export function filesByNumber(
  core: Core,
  principal: Principal,
  { numbers, action, needs }: ByNumber,
): ArchiveSource {
  return async function* pages() {
    const permitted = new Map<number, DeliveryRow>()
    for await (const page of pagesOf(numbers)) {
      const rows = await candidateRows(core.database.kysely)
        .where('delivery_files.number', 'in', page)
        .execute()
      await permit(core, principal, { rows, permitted, action, needs })
      const byNumber = new Map(rows.map((row) => [row.number, row]))
      yield page.map((number) => {
        const row = byNumber.get(number)
        const delivery = row && permitted.get(row.delivery_number)
        if (row === undefined || delivery === undefined) {
          throw new DeliveryError('not_found', `There is no file ${number}.`)
        }
        return toCandidate(row, delivery)
      })
      await nextTurn()
    }
  }
}

export interface ByNumber {
  readonly numbers: FileNumbers
  readonly action: 'read' | 'pick-up'
  readonly needs: Set<string>
}

async function* pagesOf(numbers: FileNumbers): AsyncGenerator<readonly number[]> {
  const lists = typeof numbers === 'function' ? numbers() : [numbers]
  for await (const list of lists) {
    for (let start = 0; start < list.length; start += PAGE) yield list.slice(start, start + PAGE)
  }
}

async function permit(
  core: Core,
  principal: Principal,
  {
    rows,
    permitted,
    action,
    needs,
  }: Omit<ByNumber, 'numbers'> & {
    rows: readonly CandidateRow[]
    permitted: Map<number, DeliveryRow>
  },
): Promise<void> {
  const unknown = new Set(rows.map((row) => row.delivery_number))
  for (const number of permitted.keys()) unknown.delete(number)
  const deliveries = await findDeliveriesByNumber(core.database.kysely, [...unknown])
  for (const delivery of deliveries) {
    const thing = deliveryThing(core, delivery)
    demand(
      principal,
      action,
      thing,
      'One of the files belongs to somebody else, or you may not pick up files of its type.',
    )
    for (const permission of permissionsFor(principal, thing)) needs.add(permission)
    permitted.set(delivery.number, delivery)
  }
}

interface CandidateRow {
  number: number
  delivery_number: number
  name: string
  state: DeliveryFileState
  message: string | null
  stored_file_id: string | null
  size: number | null
  crc32: number | null
  created_at: number | null
}

function candidateRows(db: Connection) {
  return db
    .selectFrom('delivery_files')
    .leftJoin('stored_files', 'stored_files.id', 'delivery_files.stored_file_id')
    .select([
      'delivery_files.number',
      'delivery_files.delivery_number',
      'delivery_files.name',
      'delivery_files.state',
      'delivery_files.message',
      'delivery_files.stored_file_id',
      'stored_files.size',
      'stored_files.crc32',
      'stored_files.created_at',
    ])
}

function toCandidate(row: CandidateRow, delivery: DeliveryRow): Candidate {
  const { name, number, state, stored_file_id, size, crc32, created_at } = row
  const has = state === 'available' || state === 'delivered'
  if (!has || stored_file_id === null || size === null || crc32 === null || created_at === null) {
    return { name, missing: reasonOf(row) }
  }
  return {
    name,
    folders: kindsWithFolders.has(delivery.kind),
    fileNumber: number,
    storedFileId: stored_file_id,
    size,
    crc32,
    modifiedAt: created_at,
    endsAt: delivery.expires_at,
  }
}

function reasonOf({ state, message }: CandidateRow): string {
  if (state === 'failed') return message === null ? 'it failed' : `it failed: ${message}`
  if (state === 'pending') return 'it is not ready yet'
  return 'its time is over'
}

/** What makes two lists the same: names, places and bytes, not the states on the way. */
export async function fingerprintOf(source: ArchiveSource, salt: string): Promise<string> {
  const fingerprint = createFingerprint(salt)
  for await (const page of source()) fingerprint.add(page)
  return fingerprint.end()
}

/** A fingerprint that is taken while a list is walked for something else. */
export function createFingerprint(salt: string): {
  add(page: readonly Candidate[]): void
  end(): string
} {
  const hash = createHash('sha256').update(salt)
  return {
    add: (page) => {
      for (const candidate of page) {
        const facts =
          'missing' in candidate
            ? [candidate.name, candidate.missing]
            : [candidate.name, candidate.fileNumber, candidate.storedFileId, candidate.folders]
        hash.update(JSON.stringify(facts))
      }
    },
    end: () => hash.digest('hex'),
  }
}

/** SQLite answers at once: without this a long walk would be one long turn, and every other request would wait. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
