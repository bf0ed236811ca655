import { DeliveryError } from '../errors.ts'

/**
 * A user name in the one form in which it is stored: Unicode NFC, in lower case.
 * @throws DeliveryError `invalid`
 */
export function parseUsername(text: string): string {
  const username = foldUsername(text)
  const problem = usernameProblem(username)
  if (problem === null) return username
  throw new DeliveryError('invalid', `A user name ${problem}.`, { details: { field: 'username' } })
}

/** The form in which a user name is looked up, whatever its grammar. */
export function foldUsername(text: string): string {
  // Lower-casing can decompose (İ), so the normal form comes last.
  return text.normalize('NFC').toLowerCase().normalize('NFC')
}

function usernameProblem(username: string): string | null {
  if (username === '' || [...username].length > 200) return 'has 1 to 200 characters'
  // RFC 7617 §2: in Basic the first colon ends the user name, and neither part has control characters.
  if (username.includes(':')) return 'has no colon'
  if (/\p{C}|[\p{Zl}\p{Zp}]/u.test(username)) return 'has printable characters only'
  if (username.trim() !== username) return 'neither begins nor ends with a space'
  return null
}

/**
 * Permissions, each once and in order: `admin`, `download:communes`, `download:*`.
 * @throws DeliveryError `invalid`
 */
export function parsePermissions(permissions: readonly string[]): string[] {
  for (const permission of permissions) {
    if (/^[a-z-]{1,50}(:[^\s,\p{C}]{1,200})?$/u.test(permission)) continue
    throw new DeliveryError(
      'invalid',
      `"${permission}" is no permission; they look like "admin" or "download:communes".`,
      { details: { field: 'permissions' } },
    )
  }
  return [...new Set(permissions)].sort()
}
