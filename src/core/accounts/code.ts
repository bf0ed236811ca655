import { DeliveryError } from '../errors.ts'

/**
 * A code of an organization, study or delivery in the one form in which it is stored (Unicode NFC):
 * 1 to 100 printable characters, one segment of a path.
 * @param said what it is, as it begins the sentence of a refusal, and the member that it stood in
 * @throws DeliveryError `invalid`
 */
export function parseCode(text: string, said: { what: string; field: string }): string {
  const code = text.normalize('NFC')
  const problem = codeProblem(code)
  if (problem === null) return code
  throw new DeliveryError('invalid', `${said.what} ${problem}.`, {
    details: { field: said.field },
  })
}

function codeProblem(code: string): string | null {
  if (code === '' || [...code].length > 100) return 'has 1 to 100 characters'
  if (code === '.' || code === '..') return 'is not "." or ".."'
  if (code.includes('/')) return 'has no slash, as it is one segment of a path'
  if (/\p{C}|[\p{Zl}\p{Zp}]/u.test(code)) return 'has printable characters only'
  if (code.trim() !== code) return 'neither begins nor ends with a space'
  return null
}
