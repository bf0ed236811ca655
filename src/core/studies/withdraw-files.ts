import { type Actor, actorId } from '../accounts/actor.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import { recordEvents } from '../events/events.ts'
import { transact } from '../transact.ts'
import { demandPublisher } from './publisher.ts'
import { findStudyFile, removeStudyFiles } from './study-files.ts'
import type { StudyPath } from './study-path.ts'

/**
 * Withdraws a file that is listed: from now on it is not found, and links to it open nothing.
 * @throws DeliveryError `not_found`, `not_yours`, `forbidden`, `invalid` for codes that cannot be
 */
export async function withdrawFile(
  core: Core,
  actor: Actor,
  wanted: StudyPath & { segment: string },
): Promise<void> {
  const { path, organizationId } = await demandPublisher(core, actor, wanted)
  const found = await findStudyFile(core, organizationId, { ...path, segment: wanted.segment })
  if (found === null) throw new DeliveryError('not_found', 'There is no such file.')
  await withdrawFiles(core, actor, { organizationId, path, numbers: [found.fileNumber] })
}

/** Withdraws files by their numbers, at most 1,000; those that are not listed (any more) do not matter. */
export async function withdrawFiles(
  core: Core,
  actor: Actor,
  place: { organizationId: string; path: StudyPath; numbers: readonly number[] },
): Promise<void> {
  await transact(core, async (change) => {
    const removed = await removeStudyFiles(change, place.numbers)
    const [first] = removed
    if (first === undefined) return
    change.signal('delivery', String(first.delivery_number))
    await recordEvents(change, [
      {
        organizationId: place.organizationId,
        ownerId: null,
        actorId: actorId(actor),
        action: 'study.withdrawn',
        deliveryNumber: first.delivery_number,
        data: {
          ...place.path,
          files: removed.length,
          names: removed.slice(0, 20).map((file) => file.name),
        },
      },
    ])
  })
}
