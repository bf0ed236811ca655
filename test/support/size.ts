/** `full` shows each promise at the size it was made for; the default shows the same promise small. */
export let full = process.env.CLAIMCHECK_TEST_SIZE === 'full'

/** Picks between the two sizes of a test. */
export function sized<T>(small: T, large: T): T {
  return full ? large : small
}

/** What is loaded from now on is small: a test that is run a second time, on another engine. */
export function goOnSmall(): void {
  full = false
}
