import { DeliveryError } from '../core/errors.ts'

/** JSON.parse reads any depth, but what walks the value after it recurses, and would run out of stack. */
const MAX_DEPTH = 200

/**
 * Refuses text with a NUL byte anywhere in a parsed body: PostgreSQL cannot store one, and C code
 * behind us would stop reading there. Refuses what nests deeper than 200 levels as well.
 * @throws DeliveryError `invalid`
 */
export function refuseNulBytes(value: unknown): void {
  refuseBelow(value, 0)
}

function refuseBelow(value: unknown, depth: number): void {
  if (typeof value === 'string') {
    if (value.includes('\0')) {
      throw new DeliveryError('invalid', 'The request has a NUL character in a text.')
    }
    return
  }
  if (typeof value !== 'object' || value === null) return
  if (depth >= MAX_DEPTH) {
    throw new DeliveryError('invalid', `The request nests deeper than ${MAX_DEPTH} levels.`)
  }
  for (const [key, member] of Object.entries(value)) {
    refuseBelow(key, depth)
    refuseBelow(member, depth + 1)
  }
}
