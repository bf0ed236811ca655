import { access, constants, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, resolve, sep } from 'node:path'
import { ClientError } from '../client/client-error.ts'
import type { GetEvent } from '../client/files/get-event.ts'

/** The text of a manifest on this computer; null for an address that is none. */
export async function readLocalManifest(path: string): Promise<string | null> {
  if (/^https?:/i.test(path) || !/\.(?:json|meta4|metalink|txt)$/i.test(path)) return null
  return await readFile(path, 'utf8')
}

/**
 * The first server that a manifest names.
 * @throws ClientError `bad_input`
 */
export function firstOrigin(text: string): string {
  const [found] = /https?:\/\/[^/\s"'<>]+/i.exec(text) ?? []
  if (found !== undefined && URL.canParse(found)) return found
  throw new ClientError(
    'bad_input',
    'The manifest holds no address: say the server by CLAIMCHECK_URL.',
  )
}

/**
 * Refuses a place where no manifest could be written: before hours of work, not after them.
 * @param made the folder that the work makes, with those above it, where they are not there
 * @throws ClientError `bad_input`; what the file system says
 */
export async function demandManifestPlace(path: string, made: string): Promise<void> {
  const found = await stat(path).catch(ifMissing)
  if (found?.isDirectory() === true) {
    throw new ClientError('bad_input', `${path} is a folder: give --manifest the name of a file.`)
  }
  if (found !== null) return await access(path, constants.W_OK)
  let folder = dirname(resolve(path))
  const isMade = `${resolve(made)}${sep}`.startsWith(`${folder}${sep}`)
  while (isMade && (await stat(folder).catch(ifMissing)) === null) folder = dirname(folder)
  await access(folder, constants.W_OK)
}

function ifMissing(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
  throw error
}

/** Writes the list of what was got, which a later run, or another program, can get and check. */
export async function writeManifest(path: string, events: readonly GetEvent[]): Promise<void> {
  const files = events.flatMap((event) => {
    if (event.type !== 'done') return []
    const { size, sha256, source } = event.file
    return [{ name: event.path, size, sha256, url: source.split(' ')[0] }]
  })
  await writeFile(path, `${JSON.stringify({ files }, null, 1)}\n`)
}
