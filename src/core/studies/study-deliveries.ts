import { readOrganization } from '../accounts/organizations.ts'
import type { Core } from '../core.ts'
import type { Principal } from '../principal.ts'
import { visibleStudies } from './study-path.ts'

/** A delivery of a study, as those see it who may. */
export interface ListedStudyDelivery {
  number: number
  id: string
  organization: string
  study: string
  studyName: string
  delivery: string
  deliveryName: string
  /** How many are listed. */
  files: number
  /** In ms since the epoch. */
  changedAt: number
}

/** The deliveries of the studies that the caller may see, newest first; at most 1,000. */
export async function listStudyDeliveries(
  core: Core,
  principal: Principal,
  query: { before: number | null; limit: number },
): Promise<ListedStudyDelivery[]> {
  const db = core.database.kysely
  const organization = await readOrganization(db, principal.organizationId)
  if (organization === null) return []
  const visible = visibleStudies(principal, organization.code)
  if (visible.length === 0) return []
  let rows = db
    .selectFrom('study_deliveries')
    .innerJoin('studies', 'studies.number', 'study_deliveries.study_number')
    .innerJoin('deliveries', 'deliveries.number', 'study_deliveries.delivery_number')
    .select([
      'study_deliveries.delivery_number as number',
      'deliveries.id',
      'studies.code as study',
      'studies.name as studyName',
      'study_deliveries.code as delivery',
      'study_deliveries.name as deliveryName',
      'study_deliveries.files',
      'study_deliveries.changed_at as changedAt',
    ])
    .where('study_deliveries.organization_id', '=', organization.id)
    .orderBy('study_deliveries.delivery_number', 'desc')
    .limit(Math.min(query.limit, 1000))
  if (visible !== 'all') rows = rows.where('studies.code', 'in', visible)
  if (query.before !== null)
    rows = rows.where('study_deliveries.delivery_number', '<', query.before)
  return (await rows.execute()).map((row) => ({ organization: organization.code, ...row }))
}
