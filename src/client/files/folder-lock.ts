import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
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
 * Does something in a folder that others are kept out of meanwhile.
 * @throws what `work` throws, else what the disk says when it does not give the lock back: a program
 *   that lives on would be in its own way; ClientError `folder_in_use`
 */
export async function whileLocked<Result>(
  folder: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const unlock = await lockFolder(folder)
  let result: Result
  try {
    result = await work()
  } catch (error) {
    // On a disk that fails the lock stays, and what failed first says more: the dead hold nobody up.
    await unlock().catch(() => {})
    throw error
  }
  await unlock()
  return result
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
    await removeDead(path, mine)
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
 * Removes the lock if it is still a dead one's. One at a time, so that nobody removes the living lock
 * of somebody who was quicker.
 */
async function removeDead(path: string, mine: Holder): Promise<void> {
  const turn = `${path}.turn`
  if (!(await claim(turn, mine))) {
    // Killed at its turn: nobody would ever have one again.
    if (await isLeft(turn)) await removeTurn(turn)
    return
  }
  try {
    // Asked anew: an empty one may be that of somebody quicker, who is about to write into it.
    if (await isLeft(path)) await rm(path, { force: true })
  } finally {
    await rm(turn, { force: true })
  }
}

/** Taken aside first: two who find it dead must not remove the turn of a third, who came between them. */
async function removeTurn(turn: string): Promise<void> {
  const aside = `${turn}.${randomUUID()}`
  try {
    await rename(turn, aside)
  } catch (error) {
    ifMissing(error)
    return
  }
  // Unless yet another one has its turn by now.
  if (!(await isLeft(aside))) await link(aside, turn).catch(() => {})
  await rm(aside, { force: true })
}

/** Whether a dead process left the lock that lies there. */
async function isLeft(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch(ifMissing)
  return text !== null && (await isDead(parseHolder(text), path))
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
