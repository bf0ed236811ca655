import { startFakeS3 } from './fake-s3.ts'

/** A process of its own that keeps a fake store: it tells the settings, and ends with its standard input. */
const tasks: (() => void)[] = []
const fake = await startFakeS3({ after: (task?: unknown) => void tasks.push(task as () => void) })
console.log(JSON.stringify(fake.environment))
process.stdin.resume()
process.stdin.on('end', () => {
  for (const task of tasks) task()
})
