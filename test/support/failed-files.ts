import type { TestEvent } from 'node:test/reporters'

/** A reporter for Node's test runner: the files in which something failed, a line each. */
export default async function* failedFiles(
  events: AsyncIterable<TestEvent>,
): AsyncGenerator<string> {
  const told = new Set<string>()
  for await (const event of events) {
    if (event.type !== 'test:fail' || event.data.todo !== undefined) continue
    const { file } = event.data
    if (file === undefined || told.has(file)) continue
    told.add(file)
    yield `${file}\n`
  }
}
