import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ClientError } from '../client-error.ts'
import { hashFile } from './file-hash.ts'
import { openFolderRecord, recordName } from './folder-record.ts'

/** What became of a file that was fetched. */
export interface VerifiedFile {
  readonly path: string
  readonly state: 'intact' | 'changed' | 'missing'
}

/**
 * Reads each file that `.claimcheck.json` of a folder names, and compares it with what was fetched.
 * @throws ClientError `bad_input` when there is no record, or one that cannot be read
 */
export async function* verifyFolder(
  folder: string,
  signal?: AbortSignal,
): AsyncGenerator<VerifiedFile> {
  // Of a folder that is misspelt, nothing at all would be wrong.
  if (!existsSync(join(folder, recordName))) {
    const sentence = `There is no ${recordName} in ${folder}: no file was fetched into it.`
    throw new ClientError('bad_input', sentence)
  }
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
