import { join } from 'node:path'
import { hashFile } from './file-hash.ts'
import { openFolderRecord } from './folder-record.ts'

/** What became of a file that was fetched. */
export interface VerifiedFile {
  readonly path: string
  readonly state: 'intact' | 'changed' | 'missing'
}

/**
 * Reads each file that `.claimcheck.json` of a folder names, and compares it with what was fetched.
 * @throws ClientError `bad_input` when the record cannot be read
 */
export async function* verifyFolder(
  folder: string,
  signal?: AbortSignal,
): AsyncGenerator<VerifiedFile> {
  const { files } = await openFolderRecord(folder)
  for (const [path, { size, sha256 }] of files) {
    // A record that somebody tampered with must not make us read elsewhere.
    const isInside = !path.split(/[/\\]/).includes('..') && !/^(?:[/\\]|[A-Za-z]:)/.test(path)
    const found = isInside ? await hashFile(join(folder, path), {}, signal) : null
    if (found === null) yield { path, state: 'missing' }
    else {
      const isSame = found.size === size && found.digests.sha256 === sha256
      yield { path, state: isSame ? 'intact' : 'changed' }
    }
  }
}
