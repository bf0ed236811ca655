/** `full` shows each promise at the size it was made for; the default shows the same promise small. */
export const full = process.env.CLAIMCHECK_TEST_SIZE === 'full'

/** Picks between the two sizes of a test. */
export function sized<T>(small: T, large: T): T {
  return full ? large : small
}
