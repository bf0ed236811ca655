import type { Core } from '../core.ts'
import type { ExpectedBytes } from '../expected-bytes.ts'
import { demandRostering, submitImport } from '../imports/imports.ts'
import type { Principal } from '../principal.ts'
import { checkStudyFile } from '../studies/check-study-file.ts'
import { publishDelivery } from '../studies/publish-delivery.ts'
import type { PublishedFile } from '../studies/publish-group.ts'
import { demandPublisher } from '../studies/publisher.ts'
import type { StudyPath } from '../studies/study-path.ts'

/** Where an uploaded file goes: it is published in a study, or a roster is imported from it. */
export type UploadTarget =
  | (StudyPath & { kind: 'study'; name: string; mediaType?: string })
  | { kind: 'import'; name: string }

/** What came of an upload. */
export interface UploadResult {
  deliveryId: string
  /** Null where the delivery has no file yet. */
  fileNumber: number | null
}

/**
 * Asks whether somebody may put such a file there: the same that the other ways in ask.
 * @throws DeliveryError `forbidden`, `not_found`, `not_yours`, `invalid` for codes, a name or a media
 *   type that cannot be
 */
export async function demandTarget(
  core: Core,
  principal: Principal,
  target: UploadTarget,
): Promise<void> {
  if (target.kind === 'import') {
    demandRostering(principal)
    return
  }
  await demandPublisher(core, principal, target)
  checkStudyFile(target)
}

export interface WholeUpload {
  /** Names the upload: a second delivery of it is none. */
  id: string
  source: AsyncIterable<Uint8Array>
  expected: ExpectedBytes
  signal: AbortSignal
}

/**
 * Puts whole bytes where they go; the permission is asked again.
 * @throws DeliveryError `invalid` when they are not what was announced, and nothing is visible then;
 *   as `publishDelivery` and `submitImport`
 */
export async function deliverUpload(
  core: Core,
  principal: Principal,
  { target, upload }: { target: UploadTarget; upload: WholeUpload },
): Promise<UploadResult> {
  const { id, source, expected, signal } = upload
  if (target.kind === 'import') {
    const { name: fileName } = target
    const taken = { fileName, source, expected, signal, idempotencyKey: `upload ${id}` }
    const delivery = await submitImport(core, principal, taken)
    return { deliveryId: delivery.id, fileNumber: null }
  }
  const { organization, study, delivery: code, name, mediaType } = target
  let published: PublishedFile | undefined
  const { delivery } = await publishDelivery(core, principal, {
    ...{ organization, study, delivery: code, signal },
    files: [{ name, segment: name, mediaType, bytes: source, expected }],
    onPublished: ([file]) => {
      published = file
    },
  })
  return { deliveryId: delivery.id, fileNumber: published?.fileNumber ?? null }
}
