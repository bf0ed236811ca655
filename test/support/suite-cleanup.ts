import { after, type TestContext } from 'node:test'

/** Cleans up when the suite in whose body it is called has ended: what came last goes first. */
export function suiteCleanup(): Pick<TestContext, 'after'> {
  const tasks: (() => unknown)[] = []
  after(async () => {
    for (const task of tasks.reverse()) await task()
  })
  return { after: (task?: unknown) => void tasks.push(task as () => unknown) }
}
