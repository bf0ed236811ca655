import { createHash } from 'node:crypto'
import type { ObjectStore } from '../../storage/object-store.ts'
import { type BytesKeeper, readStored } from '../stored-files.ts'
import { eachAtOnce } from './at-once.ts'
import { type KeptFile, objectSize } from './kept-files.ts'

/** A file whose bytes are not what its row says. */
export interface DamagedFile {
  readonly object_key: string
  /** A sentence. */
  readonly problem: string
}

/** What came of copying files. */
export interface CopiedFiles {
  /** That are now in the target, as their rows say. */
  files: number
  /** Of these files, plain. */
  bytes: number
  /** Those of them that were not there before. */
  copied: number
  damaged: DamagedFile[]
}

export interface CopyFilesOptions {
  readonly signal: AbortSignal
  /** Believes that what is there in the right size is right, because it was checked before. */
  readonly trust: boolean
  /** Hears of each file that is done. */
  onFile(file: KeptFile): void
}

/** Files under way at the same time. */
const AT_ONCE = 8

/**
 * Copies the objects of some files from one store to another, those that are not there, and reads
 * back each: a file counts when its bytes in the target have the digest that its row says. What cannot
 * be copied or is not right is reported, does not stay in the target, and holds up no other.
 */
export async function copyFiles(
  from: ObjectStore,
  to: BytesKeeper,
  files: readonly KeptFile[],
  options: CopyFilesOptions,
): Promise<CopiedFiles> {
  const report: CopiedFiles = { files: 0, bytes: 0, copied: 0, damaged: [] }
  await eachAtOnce(files, AT_ONCE, async (file) => {
    options.signal.throwIfAborted()
    const problem = await copyFile(from, to, { file, options, report })
    if (problem !== null) report.damaged.push({ object_key: file.object_key, problem })
    else {
      report.files += 1
      report.bytes += file.size
    }
    options.onFile(file)
  })
  return report
}

/** Adds what came of copying some files to what came of others. */
export function addCopied(sum: CopiedFiles, more: CopiedFiles): void {
  sum.files += more.files
  sum.bytes += more.bytes
  sum.copied += more.copied
  sum.damaged.push(...more.damaged)
}

interface Copying {
  file: KeptFile
  options: CopyFilesOptions
  report: CopiedFiles
}

/** Returns what is wrong, or null. */
async function copyFile(
  from: ObjectStore,
  to: BytesKeeper,
  { file, options, report }: Copying,
): Promise<string | null> {
  const { object_key: key } = file
  const { signal, trust } = options
  const size = objectSize(file)
  const there = await to.store.stat(key)
  if (there?.size === size && (trust || (await findDamage(to, file, signal)) === null)) return null
  const problem = problemOf(file, await from.stat(key))
  if (problem !== null) return problem
  await to.store.put(key, from.read(key, { start: 0, end: size }, signal), signal)
  const damage = await findDamage(to, file, signal)
  // What is there is right: a later pass may trust it.
  if (damage !== null) await to.store.remove(key)
  else report.copied += 1
  return damage
}

/** What the store's own word tells about a file; null when its object is there and of the right size. */
export function problemOf(file: KeptFile, stat: { size: number } | null): string | null {
  if (stat === null) return 'its object is missing'
  const size = objectSize(file)
  return stat.size === size ? null : `its object has ${stat.size} bytes and should have ${size}`
}

/** Reads a whole file and compares it with what its row says. Returns what is wrong, or null. */
async function findDamage(
  keeper: BytesKeeper,
  file: KeptFile,
  signal: AbortSignal,
): Promise<string | null> {
  const hash = createHash('sha256')
  try {
    const span = { start: 0, end: file.size }
    for await (const chunk of readStored(keeper, file, { span, signal })) hash.update(chunk)
  } catch (error) {
    signal.throwIfAborted()
    return `it cannot be read: ${error instanceof Error ? error.message : String(error)}`
  }
  const isRight = file.sha256 === null || hash.digest('hex') === file.sha256
  return isRight ? null : 'its bytes do not have the digest of its row'
}
