import { lstat } from 'node:fs/promises'
import { findOrganizationByCode } from '../../core/accounts/organizations.ts'
import { parseStudyPath } from '../../core/studies/study-path.ts'
import { forgetWatched, listWatched } from '../../core/studies/watched-files.ts'
import { withdrawFiles } from '../../core/studies/withdraw-files.ts'
import { below } from './open-regular.ts'
import type { Visit } from './scan.ts'

/**
 * Withdraws what this folder had and has no more. A folder that is gone as a whole withdraws nothing:
 * it may be a disk that is not mounted.
 */
export async function withdrawGone(visit: Visit): Promise<void> {
  const { scan, key, codes } = visit
  const organization = await findOrganizationByCode(scan.core, codes.organization)
  if (organization === null) return
  const place = { organizationId: organization.id, path: parseStudyPath(codes) }
  let after: string | null = null
  for (;;) {
    const known = await listWatched(scan.core, key, after)
    const gone: typeof known = []
    for (const row of known) {
      if (scan.signal.aborted) return
      if (await isGone(visit, row.name)) gone.push(row)
    }
    const settled = gone.filter((row) => isSettled(visit, row))
    if (settled.length < gone.length) visit.busy = true
    const numbers = settled.flatMap((row) => (row.file_number === null ? [] : [row.file_number]))
    if (numbers.length > 0) await withdrawFiles(scan.core, 'system', { ...place, numbers })
    await forgetWatched(
      scan.core,
      key,
      settled.map((row) => row.name),
    )
    after = known.at(-1)?.name ?? null
    if (after === null) return
  }
}

async function isGone({ folder }: Visit, name: string): Promise<boolean> {
  try {
    await lstat(below(folder, name))
    return false
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true
    throw error
  }
}

/** Programs that replace a file may take the old one away first. */
function isSettled({ scan, key }: Visit, { name }: { name: string }): boolean {
  const look = { fingerprint: 'gone', inode: 'gone', size: 0, restedMs: -1 }
  return scan.settling.isSettled(`${key}/${name}`, look)
}
