import { realpath } from 'node:fs/promises'
import { entriesOf } from './entries.ts'
import { type OpenFolder, openFolder } from './open-regular.ts'
import type { Scan } from './scan.ts'
import { scanDelivery } from './scan-delivery.ts'

/** Looks through `ORG/STUDY/DELIVERY/` once and publishes what has settled. */
export async function scanFolder(scan: Scan): Promise<void> {
  // The folder itself may be a link: the operator has named it. What lies in it may not.
  const root = await openFolder(null, await realpath(scan.options.folder))
  await closing(root, async () => {
    await forEachFolder(scan, { within: root, path: [] })
  })
}

interface Place {
  within: OpenFolder
  /** The codes so far. */
  path: readonly string[]
}

async function forEachFolder(scan: Scan, { within, path }: Place): Promise<void> {
  const unreadable = (shown: string): void =>
    say(scan, [...path, shown], 'has a name that is not UTF-8, and is not published.')
  for await (const { name, kind } of entriesOf(within, unreadable)) {
    if (scan.signal.aborted) return
    if (name.startsWith('.')) continue
    const deeper = [...path, name]
    if (kind === 'link') say(scan, deeper, 'is a link, and links are not followed.')
    else if (kind !== 'folder') say(scan, deeper, 'is not in a folder ORG/STUDY/DELIVERY.')
    else await enter(scan, { within, path: deeper, name })
  }
}

async function enter(scan: Scan, { within, path, name }: Place & { name: string }): Promise<void> {
  const shown = path.join('/')
  try {
    const folder = await openFolder(within, name)
    await closing(folder, async () => {
      if (path.length < 3) await forEachFolder(scan, { within: folder, path })
      else await scanDelivery(scan, folder, path)
    })
    scan.complaints.settle(`folder ${shown}`)
  } catch (error) {
    // One folder's trouble is not the others'. That it has gone meanwhile is none.
    if (scan.signal.aborted || (error as NodeJS.ErrnoException).code === 'ENOENT') return
    scan.complaints.say(`folder ${shown}`, `"${shown}" cannot be published now.`, error)
  }
}

async function closing(folder: OpenFolder, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } finally {
    await folder.handle.close()
  }
}

function say(scan: Scan, path: readonly string[], problem: string): void {
  const shown = path.join('/')
  scan.complaints.say(shown, `"${shown}" ${problem}`, null)
}
