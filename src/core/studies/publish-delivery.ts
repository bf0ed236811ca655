import type { DeliveryRow } from '../../database/tables.ts'
import { type Actor, actorId } from '../accounts/actor.ts'
import { renewPrincipal } from '../accounts/renew-principal.ts'
import type { Core } from '../core.ts'
import { findDeliveryByNumber } from '../deliveries.ts'
import { DeliveryError } from '../errors.ts'
import { type ExpectedBytes, storeExpected } from '../expected-bytes.ts'
import { transact } from '../transact.ts'
import { checkStudyFile } from './check-study-file.ts'
import { type NewFile, type PublishedFile, publishGroup } from './publish-group.ts'
import { demandPublisher } from './publisher.ts'
import { demandStudyDelivery, type StudyTarget } from './studies.ts'
import type { StudyPath } from './study-path.ts'

/** Files that become visible together. */
const GROUP = 250
/** How long bytes wait for the rest of their group, in ms: the sweeper takes objects without a row for orphans after its grace period. */
const GROUP_MS = 30_000

export interface Publication extends StudyPath {
  /** For people; the code when it was never said. */
  studyName?: string | undefined
  deliveryName?: string | undefined
  files: AsyncIterable<FileToPublish> | Iterable<FileToPublish>
  signal?: AbortSignal
  /** Told after each commit what has become visible, in order. */
  onPublished?: (files: readonly PublishedFile[]) => void
  /** Told of a file that cannot be published, which is then left out; without it, that ends the whole. */
  onRefused?: (file: FileToPublish, error: unknown) => void
}

export interface FileToPublish {
  /** As customers see it, kept exactly; 1 to 255 characters without slashes or control characters. */
  name: string
  /** The last segment of its URL; of a new file the name, where no other file stands there. */
  segment?: string | undefined
  /** By its name when left out. */
  mediaType?: string | undefined
  /** Read once, when its turn comes; or a stored file that something else shows already. */
  bytes: AsyncIterable<Uint8Array> | { storedFileId: string }
  expected?: ExpectedBytes | undefined
}

export interface PublishReport {
  delivery: DeliveryRow
  /** Files that were not there before. */
  added: number
  /** Files whose bytes are others now. */
  replaced: number
  /** Files that were there with the same bytes: they keep their date and their number. */
  unchanged: number
}

/**
 * Publishes files at a path; the study and the delivery are made when they are not there. A file of
 * the same name (or segment, where one is given) is replaced; files that are not named stay. Bytes
 * are streamed to the store first, then the permission is asked again, and up to 250 files become
 * visible in one transaction.
 * @throws DeliveryError `not_found` for the organization, `not_yours`, `forbidden`, `invalid` for
 *   codes or names, `conflict`, `storage_full`
 */
export async function publishDelivery(
  core: Core,
  actor: Actor,
  publication: Publication,
): Promise<PublishReport> {
  const { path, organizationId } = await demandPublisher(core, actor, publication)
  const { studyName, deliveryName } = publication
  const publishing: Publishing = {
    core,
    actor,
    publication,
    target: { path, organizationId, actorId: actorId(actor), studyName, deliveryName },
    group: new Map(),
    since: 0,
    report: { added: 0, replaced: 0, unchanged: 0 },
  }
  try {
    for await (const file of publication.files) {
      publication.signal?.throwIfAborted()
      await take(publishing, file)
    }
    const number = await show(publishing)
    const delivery = await findDeliveryByNumber(core.database.kysely, number)
    if (delivery === null) throw new Error(`The delivery ${number} is not there.`)
    return { delivery, ...publishing.report }
  } finally {
    // What was never tried to be shown; empty when all went well.
    await forget(core, [...publishing.group.values()])
  }
}

interface Publishing {
  core: Core
  actor: Actor
  publication: Publication
  target: StudyTarget
  /** By segment, or by name. */
  group: Map<string, NewFile>
  /** When the oldest of the group was stored. */
  since: number
  report: Omit<PublishReport, 'delivery'>
}

async function take(publishing: Publishing, file: FileToPublish): Promise<void> {
  const { core, publication, group } = publishing
  let stored: NewFile
  try {
    stored = await storeFile(core, file, publication.signal)
  } catch (error) {
    const isOurs = error instanceof DeliveryError && error.code !== 'invalid'
    if (publication.onRefused === undefined || isOurs || publication.signal?.aborted) throw error
    publication.onRefused(file, error)
    return
  }
  // Of two with the same name in one group, the first must be visible before it is replaced.
  if (group.has(keyOf(file))) await show(publishing)
  if (group.size === 0) publishing.since = performance.now()
  group.set(keyOf(file), stored)
  const overdue = performance.now() - publishing.since > GROUP_MS
  if (group.size >= GROUP || overdue) await show(publishing)
}

function keyOf({ name, segment }: FileToPublish): string {
  return segment ?? name
}

async function storeFile(
  core: Core,
  file: FileToPublish,
  signal: AbortSignal | undefined,
): Promise<NewFile> {
  checkStudyFile(file)
  const { name, segment, mediaType, bytes: source, expected = {} } = file
  const bytes =
    'storedFileId' in source
      ? source
      : await storeExpected(core, { prefix: 'published', source, expected, signal })
  return { name, segment, mediaType, bytes }
}

/** Makes the group visible, and the delivery at the least. Returns the delivery's number. */
async function show(publishing: Publishing): Promise<number> {
  const { core, actor, publication, target, group, report } = publishing
  // Bytes may take hours to come: a right that was lost meanwhile shows nothing any more.
  if (actor !== 'system') {
    await demandPublisher(core, await renewPrincipal(core, actor), publication)
  }
  const files = [...group.values()]
  // Were the commit lost on its way, nobody could say whether rows speak of these bytes: if none do,
  // the sweeper takes them.
  group.clear()
  const { number, published } = await transact(core, async (change) => {
    const delivery = await demandStudyDelivery(change, target)
    const published = await publishGroup(change, { delivery, target, files })
    return { number: delivery.delivery_number, published }
  })
  await forget(
    core,
    files.filter((_file, index) => published[index]?.outcome === 'unchanged'),
  )
  for (const { outcome } of published) report[outcome] += 1
  publication.onPublished?.(published)
  return number
}

async function forget(core: Core, files: readonly NewFile[]): Promise<void> {
  for (const { bytes } of files) {
    if ('objectKey' in bytes) await core.store.remove(bytes.objectKey)
  }
}
