import type { ArchiveRow } from '../../database/archive-tables.ts'
import type { DeliveryRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { deliveryThing, readDelivery } from '../deliveries.ts'
import { isOver } from '../delivery-state.ts'
import { DeliveryError } from '../errors.ts'
import { demand, permissionsFor } from '../may.ts'
import type { Principal } from '../principal.ts'
import { type Archive, archiveIdOf, archiveOf } from './archive.ts'
import type { ArchiveFormatName } from './archive-format.ts'
import { findArchive, findTwin, noteNeeds, touchArchive } from './archive-rows.ts'
import {
  type ArchiveSource,
  type FileNumbers,
  filesByNumber,
  filesOfDelivery,
  fingerprintOf,
} from './archive-source.ts'
import { createOnceAtATime } from './once-at-a-time.ts'
import { safeName } from './safe-name.ts'
import { writeSnapshot } from './write-snapshot.ts'

export interface ArchiveWish {
  /** All files of a delivery, by its id; or files by their numbers, of one delivery or of many. */
  readonly of: { readonly delivery: string } | { readonly files: FileNumbers }
  readonly format: ArchiveFormatName
  /** `pick-up`: only the owner may; `read`, when left out: administrators of the organization, too. */
  readonly action?: 'pick-up' | 'read'
  /** Of an order: only what waits to be picked up, not what was delivered already. */
  readonly onlyAvailable?: boolean
  /** With its extension; named after the delivery when left out. */
  readonly fileName?: string
  /**
   * Entity tags that the request names (If-Range, If-Match, If-None-Match), with their quotes: when
   * one is that of an archive of this account and this delivery, that archive is opened again,
   * whatever was picked up since. `namedTags(headers)` in `http/` reads them.
   */
  readonly tags?: readonly string[]
}

/**
 * Opens an archive: a list of files as it is now, written down under an id that its ETag names. The
 * same unchanged list gives the same archive again. Its `content` is for `sendContent`; what of it
 * went out is told to the pick-ups by `onSent: (span) => pickups.noteAll(archive.taken(span, taker))`.
 * An archive without files is one too: `files` says how many it has.
 * @throws DeliveryError `not_found`, `not_yours`, `forbidden`, `expired`, `not_ready` while a
 *   delivery that comes as a whole is not over
 */
export async function openArchive(
  core: Core,
  principal: Principal,
  wish: ArchiveWish,
): Promise<Archive> {
  return 'delivery' in wish.of
    ? await openOfDelivery(core, principal, { ...wish, id: wish.of.delivery })
    : await openOfFiles(core, principal, { ...wish, numbers: wish.of.files })
}

async function openOfDelivery(
  core: Core,
  principal: Principal,
  wish: ArchiveWish & { id: string },
): Promise<Archive> {
  const delivery = await readDelivery(core, wish.id)
  if (delivery === null) throw new DeliveryError('not_found', 'There is no such delivery.')
  const thing = deliveryThing(core, delivery)
  demand(
    principal,
    wish.action ?? 'read',
    thing,
    'This delivery belongs to somebody else, or you may not pick up files of its type.',
  )
  demandFiles(delivery, core.database.now())
  const needs = new Set(permissionsFor(principal, thing))
  const named = await findNamed(core, principal, { wish, delivery })
  if (named !== null) return archiveOf(core, await noteNeeds(core, named, needs))
  const onlyAvailable = wish.onlyAvailable ?? false
  return await openList(core, principal, {
    wish,
    deliveryNumber: delivery.number,
    fileName: wish.fileName ?? nameOf(delivery, wish.format),
    source: filesOfDelivery(core, delivery, { onlyAvailable }),
    needs,
    // The files of a download do not change once it is over: no need to look at them.
    version: delivery.kind === 'download' ? `${delivery.number} ${delivery.updated_at}` : null,
  })
}

/** `communes-14.zip`: what it is for people, and which one. */
function nameOf({ type, kind, number }: DeliveryRow, format: ArchiveFormatName): string {
  return `${safeName(type ?? kind, { folders: false })}-${number}.${format}`
}

function demandFiles(delivery: DeliveryRow, now: number): void {
  if (delivery.state === 'expired' || (delivery.expires_at ?? now + 1) <= now) {
    throw new DeliveryError('expired', 'The time of this delivery is over.')
  }
  if (delivery.kind === 'download' && !isOver(delivery.state)) {
    throw new DeliveryError('not_ready', `The download is ${delivery.state}; it has no files yet.`)
  }
}

/** An archive that the request names, if it is one of this account and this delivery. */
async function findNamed(
  core: Core,
  principal: Principal,
  { wish, delivery }: { wish: ArchiveWish; delivery: DeliveryRow },
): Promise<ArchiveRow | null> {
  for (const tag of (wish.tags ?? []).slice(0, 10)) {
    const id = archiveIdOf(tag, wish.format)
    const row = id === null ? null : await findArchive(core, id)
    if (row === null || row.account_id !== principal.accountId) continue
    if (row.delivery_number !== delivery.number) continue
    await touchArchive(core, row)
    return row
  }
  return null
}

async function openOfFiles(
  core: Core,
  principal: Principal,
  wish: ArchiveWish & { numbers: FileNumbers },
): Promise<Archive> {
  const { numbers, action = 'read' } = wish
  const needs = new Set<string>()
  return await openList(core, principal, {
    wish,
    deliveryNumber: null,
    fileName: wish.fileName ?? `files.${wish.format}`,
    source: filesByNumber(core, principal, { numbers, action, needs }),
    needs,
    version: null,
  })
}

interface List {
  wish: ArchiveWish
  deliveryNumber: number | null
  fileName: string
  source: ArchiveSource
  needs: ReadonlySet<string>
  /** Stands for the whole list; null when only the list itself says whether it has changed. */
  version: string | null
}

async function openList(core: Core, principal: Principal, list: List): Promise<Archive> {
  const { accountId, organizationId } = principal
  const { format } = list.wish
  const salt = JSON.stringify([format, list.fileName, list.deliveryNumber, list.version])
  const source: ArchiveSource = list.version === null ? list.source : noFiles
  const fingerprint = await fingerprintOf(source, salt)
  const known = await findTwin(core.database.kysely, {
    accountId,
    fingerprint,
    now: core.database.now(),
  })
  if (known !== null) {
    await touchArchive(core, known)
    return archiveOf(core, await noteNeeds(core, known, list.needs))
  }
  return await openOnce(core, `${accountId} ${fingerprint}`, async () => {
    const row = await writeSnapshot(core, {
      archive: {
        organizationId,
        accountId,
        deliveryNumber: list.deliveryNumber,
        format,
        fileName: list.fileName,
      },
      source: list.source,
      needs: list.needs,
      salt,
      fingerprint: list.version === null ? null : fingerprint,
    })
    return archiveOf(core, await noteNeeds(core, row, list.needs))
  })
}

async function* noFiles(): AsyncGenerator<never> {}

/** A hundred clients that ask for the same at once wait for one list to be written, not for a hundred. */
const openOnce = createOnceAtATime<Archive>()

/** The archive that a grant opens; `null` when its time is over. */
export async function reopenArchive(core: Core, id: string): Promise<Archive | null> {
  const row = await findArchive(core, id)
  if (row === null) return null
  await touchArchive(core, row)
  return archiveOf(core, row)
}
