import type { Connection } from '../../database/database.ts'
import type { StudyDeliveryRow, StudyRow } from '../../database/study-tables.ts'
import { insertDelivery } from '../deliveries.ts'
import { DeliveryError } from '../errors.ts'
import type { Change } from '../transact.ts'
import type { StudyPath } from './study-path.ts'

/** Where something is published, and by whom. */
export interface StudyTarget {
  path: StudyPath
  organizationId: string
  actorId: string | null
  /** For people; what it was, or the code, when left out. */
  studyName?: string | undefined
  deliveryName?: string | undefined
}

/**
 * The delivery at a path; it is made when it is not there, and so is its study. Publishers of one
 * delivery wait here for each other.
 * @throws DeliveryError `conflict` when the organization has no account yet
 */
export async function demandStudyDelivery(
  change: Change,
  target: StudyTarget,
): Promise<StudyDeliveryRow> {
  const study = await demandStudy(change, target)
  const held = await change.db
    .updateTable('study_deliveries')
    .set({
      changed_at: change.now,
      ...(target.deliveryName === undefined ? {} : { name: target.deliveryName }),
    })
    .where('study_number', '=', study.number)
    .where('code', '=', target.path.delivery)
    .returningAll()
    .executeTakeFirst()
  return held ?? (await insertStudyDelivery(change, target, study))
}

async function demandStudy(
  change: Change,
  { path, organizationId, studyName }: StudyTarget,
): Promise<StudyRow> {
  return await change.db
    .insertInto('studies')
    .values({
      organization_id: organizationId,
      code: path.study,
      name: studyName ?? path.study,
      created_at: change.now,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['organization_id', 'code'])
        // Without a new name it is set to what it is: the row is locked and returned all the same.
        .doUpdateSet((eb) => ({ name: studyName ?? eb.ref('studies.name') })),
    )
    .returningAll()
    .executeTakeFirstOrThrow()
}

async function insertStudyDelivery(
  change: Change,
  { path, organizationId, actorId, deliveryName }: StudyTarget,
  study: StudyRow,
): Promise<StudyDeliveryRow> {
  const delivery = await insertDelivery(change, {
    kind: 'study',
    organizationId,
    ownerId: actorId ?? (await findKeeper(change.db, organizationId)),
    actorId,
    info: path,
    state: 'done',
  })
  return await change.db
    .insertInto('study_deliveries')
    .values({
      delivery_number: delivery.number,
      organization_id: organizationId,
      study_number: study.number,
      code: path.delivery,
      name: deliveryName ?? path.delivery,
      files: 0,
      changed_at: change.now,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/**
 * Every delivery stands under an account. One that the installation itself publishes stands under
 * the oldest administrator, or else the oldest account; rights do not follow from it.
 */
async function findKeeper(db: Connection, organizationId: string): Promise<string> {
  const accounts = await db
    .selectFrom('accounts')
    .select(['id', 'permissions'])
    .where('organization_id', '=', organizationId)
    .orderBy('id')
    .limit(1000)
    .execute()
  const administrator = accounts.find(({ permissions }) => permissions.includes('"admin"'))
  const keeper = administrator ?? accounts[0]
  if (keeper !== undefined) return keeper.id
  throw new DeliveryError(
    'conflict',
    'The organization has no account yet, so nobody could pick the delivery up: create one first.',
  )
}

/** Says how many more files (or fewer) a delivery has now. */
export async function countStudyFiles(
  change: Change,
  deliveryNumber: number,
  more: number,
): Promise<void> {
  await change.db
    .updateTable('study_deliveries')
    .set((eb) => ({ files: eb('files', '+', more), changed_at: change.now }))
    .where('delivery_number', '=', deliveryNumber)
    .execute()
}

/** Takes a delivery out of the listings, with its time over; a later one may have its path. */
export async function removeStudyDelivery(change: Change, deliveryNumber: number): Promise<void> {
  await change.db
    .deleteFrom('study_deliveries')
    .where('delivery_number', '=', deliveryNumber)
    .execute()
}

/** A study by its code; null when there is none. */
export async function findStudy(
  db: Connection,
  organizationId: string,
  code: string,
): Promise<StudyRow | null> {
  const row = await db
    .selectFrom('studies')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('code', '=', code)
    .executeTakeFirst()
  return row ?? null
}

/** A delivery of a study by its code; null when there is none. */
export async function findStudyDelivery(
  db: Connection,
  studyNumber: number,
  code: string,
): Promise<StudyDeliveryRow | null> {
  const row = await db
    .selectFrom('study_deliveries')
    .selectAll()
    .where('study_number', '=', studyNumber)
    .where('code', '=', code)
    .executeTakeFirst()
  return row ?? null
}
