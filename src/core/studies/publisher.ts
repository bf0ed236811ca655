import type { Actor } from '../accounts/actor.ts'
import { findOrganizationByCode } from '../accounts/organizations.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import { demand, may } from '../may.ts'
import { parseStudyPath, type StudyPath, studyPermission } from './study-path.ts'

/** Where somebody may publish. */
export interface PublishedPlace {
  /** Its codes as they are stored. */
  path: StudyPath
  organizationId: string
}

/**
 * Asks for `publish`, or for `publish:<ORG>/<STUDY>` of this very study, in the organization that
 * the path names.
 * @throws DeliveryError `invalid` for codes that cannot be, `not_found`, `not_yours`, `forbidden`
 */
export async function demandPublisher(
  core: Core,
  actor: Actor,
  wanted: StudyPath,
): Promise<PublishedPlace> {
  const path = parseStudyPath(wanted)
  const organization = await findOrganizationByCode(core, path.organization)
  if (organization === null) {
    throw new DeliveryError('not_found', `There is no organization "${path.organization}".`)
  }
  const place = { path, organizationId: organization.id }
  if (actor === 'system') return place
  const thing = { organizationId: organization.id, ownerId: null }
  if (may(actor, 'create', { ...thing, permission: 'publish' }) === 'yes') return place
  demand(
    actor,
    'create',
    { ...thing, permission: studyPermission('publish', path.organization, path.study) },
    'You are not permitted to publish in this study.',
  )
  return place
}
