import { realpath } from 'node:fs/promises'
import type { Core } from '../core/core.ts'
import { type FileToPublish, publishDelivery } from '../core/studies/publish-delivery.ts'
import type { StudyPath } from '../core/studies/study-path.ts'
import { entriesOf } from '../workers/watch/entries.ts'
import { openFolder } from '../workers/watch/open-regular.ts'
import { readSteady } from '../workers/watch/read-steady.ts'

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
 * Publishes the regular files of a folder, in no promised order; names that `isLeftOut` are not looked at.
 * @throws Error when there is no such folder; DeliveryError as `publishDelivery`
 */
export async function publishFolder(
  core: Core,
  { folder, ...where }: FolderToPublish,
  isLeftOut: (name: string) => boolean,
): Promise<FolderReport> {
  const refused: FolderReport['refused'] = []
  const opened = await openFolder(null, await realpath(folder))
  async function* files(): AsyncGenerator<FileToPublish> {
    const unreadable = (name: string): void =>
      void refused.push({ name, reason: 'Its name is not UTF-8.' })
    for await (const { name, kind } of entriesOf(opened, unreadable)) {
      if (isLeftOut(name) || kind === 'folder') continue
      if (kind === 'file') yield { name, bytes: readSteady(opened, name, null) }
      else refused.push({ name, reason: 'It is no regular file.' })
    }
  }
  try {
    const { delivery: _delivery, ...counts } = await publishDelivery(core, 'system', {
      ...where,
      files: files(),
      onRefused: ({ name }, error) =>
        refused.push({ name, reason: error instanceof Error ? error.message : String(error) }),
    })
    return { ...counts, refused }
  } finally {
    await opened.handle.close()
  }
}
