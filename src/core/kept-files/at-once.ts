/** Works on some things, so many at the same time; the first failure ends it, when what runs has ended. */
export async function eachAtOnce<T>(
  things: readonly T[],
  many: number,
  work: (thing: T) => Promise<void>,
): Promise<void> {
  let next = 0
  let failed = false
  async function run(): Promise<void> {
    while (!failed && next < things.length) {
      const thing = things[next++] as T
      await work(thing).catch((error: unknown) => {
        failed = true
        throw error
      })
    }
  }
  const settled = await Promise.allSettled(Array.from({ length: many }, run))
  for (const one of settled) if (one.status === 'rejected') throw one.reason
}
