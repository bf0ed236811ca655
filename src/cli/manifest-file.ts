import { access, constants, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
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
 * @throws what the file system says
 */
export async function demandManifestPlace(path: string): Promise<void> {
  await access(dirname(path), constants.W_OK)
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
