import type { StoredFileRow } from '../../database/tables.ts'
import { NameRegister } from '../archives/name-register.ts'
import type { Core } from '../core.ts'
import { deliveryThing } from '../deliveries.ts'
import { findDeliveryFiles } from '../delivery-files.ts'
import { may } from '../may.ts'
import { selectFiles } from '../selected-files.ts'
import type { OpenedManifest } from './manifests.ts'

/** A file that a manifest lists. */
export interface ManifestFile {
  readonly number: number
  /** A safe path, no two of one manifest alike: what it is to be saved as. */
  readonly name: string
  readonly mediaType: string
  readonly stored: StoredFileRow
}

const PAGE = 1000

/**
 * The files of a manifest that its maker may pick up now and whose bytes are there. Names of studies
 * may say folders, as in archives.
 * @throws DeliveryError as `selectFiles`, for a delivery
 */
export async function* manifestFiles(
  core: Core,
  { manifest, principal }: OpenedManifest,
): AsyncGenerator<ManifestFile> {
  const numbers =
    manifest.files === null
      ? await selectFiles(core, principal, { delivery: manifest.delivery_id ?? '' })
      : (JSON.parse(manifest.files) as number[])
  const names = new NameRegister()
  for (let start = 0; start < numbers.length; start += PAGE) {
    const page = numbers.slice(start, start + PAGE)
    const found = await findDeliveryFiles(core.database.kysely, page)
    const stored = await storedBy(
      core,
      [...found.values()].flatMap(({ file }) => file.stored_file_id ?? []),
    )
    for (const number of page) {
      const { file, delivery } = found.get(number) ?? {}
      const bytes = stored.get(file?.stored_file_id ?? '')
      if (file === undefined || delivery === undefined || bytes === undefined) continue
      if (file.state !== 'available' && file.state !== 'delivered') continue
      if (may(principal, 'read', deliveryThing(core, delivery)) !== 'yes') continue
      const name = names.register(file.name, { folders: delivery.kind === 'study' })
      yield { number, name, mediaType: file.media_type, stored: bytes }
    }
  }
}

async function storedBy(core: Core, ids: readonly string[]): Promise<Map<string, StoredFileRow>> {
  if (ids.length === 0) return new Map()
  const rows = await core.database.kysely
    .selectFrom('stored_files')
    .selectAll()
    .where('id', 'in', ids)
    .execute()
  return new Map(rows.map((row) => [row.id, row]))
}
