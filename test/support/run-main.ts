import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { childEnvironment } from './child-environment.ts'
import { main } from './main.ts'

export interface RunOptions {
  cwd: string
  input?: string
  env?: Record<string, string>
}

export interface RunResult {
  code: number | null
  out: string
  err: string
}

/** Runs `claimcheck` to its end, in an environment that holds nothing of the one of the tests. */
export async function runMain(words: readonly string[], options: RunOptions): Promise<RunResult> {
  const child = spawn(process.execPath, [main, ...words], {
    cwd: options.cwd,
    env: childEnvironment(options.env),
  })
  // A command that reads nothing may end before it is written to.
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, out, err }
}
