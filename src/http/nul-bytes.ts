import { DeliveryError } from '../core/errors.ts'

/**
 * Refuses text with a NUL byte anywhere in a parsed body: PostgreSQL cannot store one, and C code
 * behind us would stop reading there.
 * @throws DeliveryError `invalid`
 */
export function refuseNulBytes(value: unknown): void {
  if (typeof value === 'string') {
    if (value.includes('\0')) {
      throw new DeliveryError('invalid', 'The request has a NUL character in a text.')
    }
    return
  }
  if (typeof value !== 'object' || value === null) return
  for (const [key, member] of Object.entries(value)) {
    refuseNulBytes(key)
    refuseNulBytes(member)
  }
}
