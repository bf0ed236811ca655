import { constants } from 'node:os'

/**
 * The system's word for what it refused, `ENOSPC` say; empty where there is none. Node has no word for a
 * quota that is used up: "Unknown system error -122".
 */
export function diskCodeOf(error: unknown): string {
  const { code = '', errno } = error as NodeJS.ErrnoException
  return errno === -constants.errno.EDQUOT ? 'EDQUOT' : code
}
