import { DeliveryError } from '../../core/errors.ts'

/**
 * The name of a roster file out of what a client says: quotes, slashes and control characters, over
 * which a header or a disk would trip, become `_`.
 * @throws DeliveryError `invalid` for one that is empty or has more than 200 characters
 */
export function toRosterName(said: string): string {
  if (said.length >= 1 && said.length <= 200) return said.replaceAll(/[\p{C}"/\\]/gu, '_')
  throw new DeliveryError('invalid', 'The name of a roster file has 1 to 200 characters.', {
    details: { field: 'name' },
  })
}
