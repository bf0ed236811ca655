import { constants } from 'node:os'
import { DeliveryError } from '../core/errors.ts'
import { noRoom, notNow } from './sentences-for-customers.ts'

/** Is it the system's word for "there is no such file or folder"? */
export function isAbsent(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** What to throw for an error of the file system: `storage_full` when there is no room, else the error as it is. */
export function fromDiskError(error: unknown, folder: string): unknown {
  const code = codeOf(error)
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  return new DeliveryError(
    'storage_full',
    `The storage folder ${folder} has no room left (${code}). Free some space there, or raise the quota, and try again.`,
    { cause: error, told: noRoom },
  )
}

/** What to throw when a folder cannot be used: one sentence that names it and says what to do. */
export function unusableFolder(error: unknown, folder: string): unknown {
  const translated = fromDiskError(error, folder)
  if (translated instanceof DeliveryError) return translated
  const reason = error instanceof Error ? error.message : String(error)
  return new DeliveryError(
    'unavailable',
    `The storage folder ${folder} cannot be written to (${reason}). Give this user write access to it, or point CLAIMCHECK_STORAGE_URL at another folder.`,
    { cause: error, told: notNow },
  )
}

function codeOf(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined
  const { code, errno } = error as NodeJS.ErrnoException
  // Node has no word for it: "Unknown system error -122".
  return errno === -constants.errno.EDQUOT ? 'EDQUOT' : code
}
