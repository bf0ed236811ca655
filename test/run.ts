import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'

/**
 * Runs the tests: `npm test` each promise at a small size, `npm run test:full` at the size that is
 * promised. `npm test -- downloads` runs the files whose path contains the word. With `--again` the
 * files that fail are run once more, one at a time, and only what fails twice counts.
 */
const { values, positionals } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    again: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})
const files = globSync('test/**/*.test.ts')
  .filter((file) => positionals.length === 0 || positionals.some((word) => file.includes(word)))
  .sort()
if (files.length === 0) {
  console.error(`No test file matches ${positionals.join(', ')}.`)
  process.exit(1)
}
const folder = mkdtempSync(join(tmpdir(), 'claimcheck-run-'))
try {
  // Half as many files again as there are processors: much of a test's time is waiting for others.
  const first = await run(files, Math.ceil(Math.max(2, availableParallelism()) * 1.5))
  process.exitCode = first.code
  if (values.again && first.failed.length > 0 && first.failed.length < 10) {
    console.log(`\nOnce more, one at a time: ${first.failed.join(', ')}`)
    const second = await run(first.failed, 1)
    process.exitCode = second.code
    if (second.code === 0) console.log(`\nFailed once, and not again: ${first.failed.join(', ')}`)
  }
} finally {
  rmSync(folder, { recursive: true })
}

async function run(
  some: readonly string[],
  atOnce: number,
): Promise<{ code: number; failed: string[] }> {
  const list = join(folder, 'failed')
  const child = spawn(
    process.execPath,
    [
      '--test',
      `--test-concurrency=${atOnce}`,
      `--test-timeout=${values.full ? 1_200_000 : 240_000}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${join(import.meta.dirname, 'support', 'failed-files.ts')}`,
      `--test-reporter-destination=${list}`,
      ...some,
    ],
    {
      stdio: 'inherit',
      env: {
        ...process.env,
        // Two hundred processes load the same source: one strips its types and compiles it for all (a fifth of the time).
        NODE_COMPILE_CACHE: join(folder, 'compiled'),
        ...(values.full ? { CLAIMCHECK_TEST_SIZE: 'full' } : {}),
      },
    },
  )
  const stop = (signal: NodeJS.Signals): void => {
    values.again = false
    child.kill(signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
  const code = await new Promise<number>((resolve) => {
    child.on('exit', (status, signal) => resolve(status ?? (signal === null ? 0 : 1)))
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop)
  const text = existsSync(list) ? readFileSync(list, 'utf8') : ''
  const failed = text.split('\n').filter((line) => line !== '')
  return { code, failed: failed.map((path) => relative(process.cwd(), path)) }
}
