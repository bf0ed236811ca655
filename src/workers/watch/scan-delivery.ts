import { lstat } from 'node:fs/promises'
import { publishDelivery } from '../../core/studies/publish-delivery.ts'
import type { PublishedFile } from '../../core/studies/publish-group.ts'
import { findWatched, rememberWatched } from '../../core/studies/watched-files.ts'
import { entriesOf } from './entries.ts'
import { type Look, lookAt } from './fingerprint.ts'
import { below, type OpenFolder } from './open-regular.ts'
import { readSteady, UnsteadyError } from './read-steady.ts'
import type { Scan, Visit } from './scan.ts'
import { isUnfinishedName } from './settling.ts'
import { withdrawGone } from './withdraw-gone.ts'

/** Files that are looked at, and published, together. */
const CHUNK = 250

/** Publishes the files of one folder that have settled and are not published yet. */
export async function scanDelivery(
  scan: Scan,
  folder: OpenFolder,
  [organization = '', study = '', delivery = '']: readonly string[],
): Promise<void> {
  const key = `${organization}/${study}/${delivery}`
  const { mtimeNs } = await folder.handle.stat({ bigint: true })
  if (scan.quiet.get(key) === mtimeNs) return
  scan.quiet.delete(key)
  const codes = { organization, study, delivery }
  const visit: Visit = { scan, folder, key, codes, busy: false }
  let names: string[] = []
  const unreadable = (shown: string): void => say(visit, shown, 'has a name that is not UTF-8.')
  for await (const { name, kind } of entriesOf(folder, unreadable)) {
    if (scan.signal.aborted) return
    if (kind === 'file') names.push(name)
    else if (!name.startsWith('.')) {
      say(visit, name, kind === 'link' ? 'is a link.' : 'is not a file.')
    }
    if (names.length < CHUNK) continue
    await visitFiles(visit, names)
    names = []
  }
  await visitFiles(visit, names)
  if (scan.options.withdraw) await withdrawGone(visit)
  if (!visit.busy) scan.quiet.set(key, mtimeNs)
}

interface Candidate {
  name: string
  look: Look
}

async function visitFiles(visit: Visit, names: readonly string[]): Promise<void> {
  const { scan, key } = visit
  const known = await findWatched(scan.core, key, names)
  const ready: Candidate[] = []
  for (const name of names) {
    const look = await lookFor(visit, name)
    if (look === null) continue
    if (isUnfinishedName(name)) {
      visit.busy = true
      scan.settling.seeUnfinished(look.inode)
    } else if (known.get(name)?.fingerprint !== look.fingerprint) {
      if (scan.settling.isSettled(`${key}/${name}`, look)) ready.push({ name, look })
      else visit.busy = true
    }
  }
  if (ready.length > 0) await publishReady(visit, ready)
}

/** Null when it has gone, or is no file (any more). */
async function lookFor({ folder }: Visit, name: string): Promise<Look | null> {
  try {
    const stats = await lstat(below(folder, name), { bigint: true })
    return stats.isFile() ? lookAt(stats) : null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

async function publishReady(visit: Visit, ready: readonly Candidate[]): Promise<void> {
  const { scan, folder, key, codes } = visit
  const looks = new Map(ready.map(({ name, look }) => [name, look]))
  const published: PublishedFile[] = []
  try {
    await publishDelivery(scan.core, 'system', {
      ...codes,
      files: ready.map(({ name, look }) => ({
        name,
        bytes: readSteady(folder, name, look.fingerprint),
      })),
      signal: scan.signal,
      onPublished: (files) => published.push(...files),
      onRefused: ({ name }, error) => refuse(visit, name, error),
    })
  } catch (error) {
    visit.busy = true
    throw error
  } finally {
    await rememberWatched(
      scan.core,
      key,
      published.map(({ name, fileNumber }) => ({
        name,
        fingerprint: looks.get(name)?.fingerprint ?? '',
        file_number: fileNumber,
      })),
    )
  }
  for (const { name } of published) scan.complaints.settle(`${key}/${name}`)
  const fresh = published.filter(({ outcome }) => outcome !== 'unchanged').length
  if (fresh > 0) scan.options.onPublished({ folder: key, files: fresh })
}

function refuse(visit: Visit, name: string, error: unknown): void {
  visit.busy = true
  // Somebody writes to it, or has just taken it away: the next look will tell.
  if (error instanceof UnsteadyError) return
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
  say(visit, name, 'cannot be published.', error)
}

function say({ scan, key }: Visit, name: string, problem: string, error: unknown = null): void {
  scan.complaints.say(`${key}/${name}`, `"${key}/${name}" ${problem}`, error)
}
