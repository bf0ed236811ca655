import type { StudyDeliveryRow } from '../../database/study-tables.ts'
import { DeliveryError } from '../errors.ts'
import { recordEvents } from '../events/events.ts'
import { mediaTypeOfName } from '../media-type.ts'
import { insertStoredFile, type StoredBytes } from '../stored-files.ts'
import type { Change } from '../transact.ts'
import type { StudyTarget } from './studies.ts'
import {
  findListedFiles,
  insertStudyFiles,
  type ListedFile,
  type NewStudyFile,
  removeStudyFiles,
} from './study-files.ts'

/** A file whose bytes are safe and that nobody sees yet. */
export interface NewFile {
  name: string
  segment: string | undefined
  mediaType: string | undefined
  bytes: StoredBytes | { storedFileId: string }
}

export interface PublishedFile {
  name: string
  /** The last segment of its URL, before percent-encoding. */
  segment: string
  fileNumber: number
  outcome: 'added' | 'replaced' | 'unchanged'
}

export interface Group {
  delivery: StudyDeliveryRow
  target: StudyTarget
  /** At most 1,000, no two with the same key (segment, or else name). */
  files: readonly NewFile[]
}

/** Makes files visible, in the order given; what they replace goes in the same change. */
export async function publishGroup(change: Change, group: Group): Promise<PublishedFile[]> {
  const { delivery, files } = group
  if (files.length === 0) return []
  const plan = await planGroup(change, group)
  await removeStudyFiles(
    change,
    plan.flatMap(({ outcome, known }) => (outcome === 'replaced' && known ? [known] : [])),
  )
  const shared = await findShared(change, files)
  const inserted: NewStudyFile[] = []
  for (const step of plan) {
    if (step.outcome === 'unchanged') continue
    const { name, mediaType = mediaTypeOfName(name), bytes } = step.file
    const stored = await storedOf(change, bytes, { mediaType, shared })
    inserted.push({ name, segment: step.segment, mediaType, stored })
  }
  const numbers = await insertStudyFiles(change, delivery, inserted)
  let next = 0
  const published = plan.map(({ file, segment, outcome, known }) => {
    const fileNumber = outcome === 'unchanged' ? (known ?? 0) : (numbers[next++] ?? 0)
    return { name: file.name, segment, outcome, fileNumber }
  })
  if (inserted.length > 0) await tell(change, group, inserted)
  return published
}

interface Step {
  file: NewFile
  segment: string
  outcome: PublishedFile['outcome']
  /** The number of the file that stands there now. */
  known: number | null
}

async function planGroup(change: Change, { delivery, files }: Group): Promise<Step[]> {
  const number = delivery.delivery_number
  const keys = files.map(({ name, segment }) => segment ?? name)
  const listed = await findListedFiles(change.db, number, keys)
  const bySegment = new Map(listed.map((row) => [row.segment, row]))
  const byName = new Map(listed.map((row) => [row.name, row]))
  const taken = new Set(bySegment.keys())
  const steps: Step[] = []
  for (const file of files) {
    const { name, segment } = file
    const known = segment === undefined ? ownOf(name, bySegment, byName) : bySegment.get(segment)
    const place = segment ?? known?.segment ?? (await freeSegment(change, { number, name, taken }))
    if (steps.some((step) => step.segment === place)) {
      throw new DeliveryError('conflict', `Two files of one group would stand at "${place}".`)
    }
    taken.add(place)
    steps.push({
      file,
      segment: place,
      known: known?.file_number ?? null,
      outcome: known === undefined ? 'added' : isSame(known, file) ? 'unchanged' : 'replaced',
    })
  }
  return steps
}

type Listed = ReadonlyMap<string, ListedFile>

/** The file of this name; when there are several, the one that has its name for a segment as well. */
function ownOf(name: string, bySegment: Listed, byName: Listed): ListedFile | undefined {
  const there = bySegment.get(name)
  return there?.name === name ? there : byName.get(name)
}

function isSame(known: ListedFile, { name, bytes }: NewFile): boolean {
  if (known.name !== name) return false
  return 'storedFileId' in bytes
    ? bytes.storedFileId === known.stored_file_id
    : bytes.sha256 === known.sha256
}

/** The name; where another file stands there, `name~2.csv`, `name~3.csv` and so on. */
async function freeSegment(
  { db }: Change,
  { number, name, taken }: { number: number; name: string; taken: ReadonlySet<string> },
): Promise<string> {
  const dot = name.lastIndexOf('.')
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
  for (let count = 1; ; count += 1) {
    const segment = count === 1 ? name : `${stem}~${count}${extension}`
    if (taken.has(segment)) continue
    // Whether somebody stands at the name itself was looked up for the whole group.
    if (count === 1) return segment
    const there = await findListedFiles(db, number, [segment])
    if (!there.some((row) => row.segment === segment)) return segment
  }
}

async function storedOf(
  change: Change,
  bytes: NewFile['bytes'],
  { mediaType, shared }: { mediaType: string; shared: ReadonlyMap<string, number> },
): Promise<{ id: string; size: number }> {
  if (!('storedFileId' in bytes)) return await insertStoredFile(change, bytes, mediaType)
  const size = shared.get(bytes.storedFileId)
  if (size === undefined) throw new DeliveryError('not_found', 'There is no such stored file.')
  return { id: bytes.storedFileId, size }
}

/** The sizes of the stored files that something else shows already. */
async function findShared(
  { db }: Change,
  files: readonly NewFile[],
): Promise<ReadonlyMap<string, number>> {
  const ids = new Set(
    files.flatMap(({ bytes }) => ('storedFileId' in bytes ? bytes.storedFileId : [])),
  )
  if (ids.size === 0) return new Map()
  const rows = await db
    .selectFrom('stored_files')
    .select(['id', 'size'])
    .where('id', 'in', [...ids])
    .execute()
  return new Map(rows.map((row) => [row.id, row.size]))
}

async function tell(
  change: Change,
  { delivery, target }: Group,
  inserted: readonly NewStudyFile[],
): Promise<void> {
  change.signal('delivery', String(delivery.delivery_number))
  await recordEvents(change, [
    {
      organizationId: target.organizationId,
      ownerId: null,
      actorId: target.actorId,
      action: 'study.published',
      deliveryNumber: delivery.delivery_number,
      data: {
        ...target.path,
        files: inserted.length,
        // A line of the audit trail is no listing.
        names: inserted.slice(0, 20).map((file) => file.name),
      },
    },
  ])
}
