import type { Core } from '../core/core.ts'
import { type FileToPublish, publishDelivery } from '../core/studies/publish-delivery.ts'
import type { StudyPath } from '../core/studies/study-path.ts'
import { type FolderFile, readFolder } from './read-folder.ts'

export interface FolderToPublish extends StudyPath {
  folder: string
  studyName: string | undefined
  deliveryName: string | undefined
}

export interface FolderReport {
  added: number
  replaced: number
  unchanged: number
  refused: { name: string; reason: string }[]
}

/**
 * Publishes the files of a folder, as `readFolder` has them; what cannot be published holds up nothing else.
 * @throws Error when there is no such folder; DeliveryError as `publishDelivery`
 */
export async function publishFolder(
  core: Core,
  { folder, ...where }: FolderToPublish,
): Promise<FolderReport> {
  const refused: FolderReport['refused'] = []
  async function* publishable(files: AsyncIterable<FolderFile>): AsyncGenerator<FileToPublish> {
    for await (const file of files) {
      if ('bytes' in file) yield file
      else refused.push({ name: file.name, reason: `It ${file.problem}` })
    }
  }
  const { delivery: _delivery, ...counts } = await readFolder(folder, ({ files }) =>
    publishDelivery(core, 'system', {
      ...where,
      files: publishable(files),
      onRefused: ({ name }, error) =>
        refused.push({ name, reason: error instanceof Error ? error.message : String(error) }),
    }),
  )
  return { ...counts, refused }
}
