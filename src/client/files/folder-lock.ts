import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { ClientError } from '../client-error.ts'
import { asObject, asSize, asText } from '../json.ts'
import { makeRoot } from './make-root.ts'

/** The lock's name in the target folder. */
const lockName = '.claimcheck.lock'

/** Who works in a folder. */
interface Holder {
  readonly pid: number
  readonly host: string
  /** ISO 8601. */
  readonly since: string
}

/**
 * Keeps others out of a folder, which is made when it is not there: two runs would write over each
 * other's parts and record. The lock of a process that is dead is taken over.
 * @returns gives it back
 * @throws ClientError `folder_in_use`
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await makeRoot(folder)
  const path = join(folder, lockName)
  const mine: Holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() }
  // One that frees itself, or is dead, leaves the place to whoever comes first; so a few times.
  for (let attempt = 1; !(await claim(path, mine)); attempt += 1) {
    const text = await readFile(path, 'utf8').catch(ifMissing)
    if (text === null) continue
    const holder = parseHolder(text)
    if (attempt > 5 || !(await isDead(holder, path))) throw inUse(folder, holder)
    await removeStale(path, { stale: text, mine })
  }
  return () => rm(path, { force: true })
}

async function claim(path: string, holder: Holder): Promise<boolean> {
  try {
    // Synced: after a crash of the computer, one that is empty would not tell that its holder is dead.
    await writeFile(path, JSON.stringify(holder), { flag: 'wx', flush: true })
    return true
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    // A full disk has room for its name, and none for what it says: nobody could judge it.
    if (syscall !== 'open') await rm(path, { force: true })
    throw Object.assign(error as Error, { path })
  }
}

/**
 * Removes the lock if it is still that dead one. One at a time, so that nobody removes the living lock
 * of somebody who was quicker.
 */
async function removeStale(
  path: string,
  { stale, mine }: { stale: string; mine: Holder },
): Promise<void> {
  const turn = `${path}.turn`
  if (!(await claim(turn, mine))) {
    const text = await readFile(turn, 'utf8').catch(ifMissing)
    // Killed at its turn: nobody would ever have one again.
    if (text !== null && (await isDead(parseHolder(text), turn))) await rm(turn, { force: true })
    return
  }
  try {
    if ((await readFile(path, 'utf8').catch(ifMissing)) === stale) await rm(path, { force: true })
  } finally {
    await rm(turn, { force: true })
  }
}

/** null for one that is being written, or that nobody can read. */
function parseHolder(text: string): Holder | null {
  try {
    const { pid, host, since } = asObject(JSON.parse(text))
    const number = asSize(pid)
    return number === null
      ? null
      : { pid: number, host: asText(host) ?? '', since: asText(since) ?? '' }
  } catch {
    return null
  }
}

/** How long it may take to write a lock, in ms; whoever was killed meanwhile leaves an empty one. */
const writtenMs = 10_000

/** Of a process on another computer nobody here can tell. */
async function isDead(holder: Holder | null, path: string): Promise<boolean> {
  if (holder === null) {
    const found = await stat(path).catch(ifMissing)
    return found?.size === 0 && Date.now() - found.mtimeMs > writtenMs
  }
  if (holder.host !== hostname()) return false
  try {
    process.kill(holder.pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

function inUse(folder: string, holder: Holder | null): ClientError {
  const who =
    holder === null
      ? 'Another run'
      : `Process ${holder.pid} on ${holder.host}, since ${holder.since},`
  return new ClientError(
    'folder_in_use',
    `${who} fetches files into ${folder}: wait for its end, or give another folder. If it is gone, remove ${join(folder, lockName)}.`,
  )
}

function ifMissing(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
  throw error
}
