import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'

/**
 * Runs the tests: `npm test` each promise at a small size, `npm run test:full` at the size that is
 * promised. `npm test -- downloads` runs the files whose path contains the word.
 */
const { values, positionals } = parseArgs({
  options: { full: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const files = globSync('test/**/*.test.ts')
  .filter((file) => positionals.length === 0 || positionals.some((word) => file.includes(word)))
  .sort()
if (files.length === 0) {
  console.error(`No test file matches ${positionals.join(', ')}.`)
  process.exit(1)
}
// As many files at once as there are processors: much of a test's time is waiting for processes.
const concurrency = `--test-concurrency=${Math.max(2, availableParallelism())}`
const timeout = `--test-timeout=${values.full ? 1_200_000 : 240_000}`
const child = spawn(process.execPath, ['--test', concurrency, timeout, ...files], {
  stdio: 'inherit',
  env: { ...process.env, ...(values.full ? { CLAIMCHECK_TEST_SIZE: 'full' } : {}) },
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 0 : 1)))
