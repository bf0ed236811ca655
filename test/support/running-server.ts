import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { childEnvironment } from './child-environment.ts'

export interface StartOptions {
  cwd: string
  /** The program and what stands before `serve`. */
  command: readonly string[]
  args?: readonly string[]
  env?: Record<string, string>
}

export interface RunningProcess {
  readonly url: string
  readonly child: ChildProcess
  /** Resolves when it has ended: its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
  readonly errors: () => string
}

/** Starts `claimcheck serve` on a free port and waits until it is ready; the test's end ends it. */
export async function startServe(
  t: Pick<TestContext, 'after'>,
  options: StartOptions,
): Promise<RunningProcess> {
  const [program = '', ...before] = options.command
  const child = spawn(
    program,
    [...before, 'serve', '--port', '0', '--json', ...(options.args ?? [])],
    {
      cwd: options.cwd,
      env: childEnvironment(options.env),
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.on('close', (code, signal) => resolve(code ?? signal)),
  )
  t.after(() => {
    child.kill('SIGKILL')
    return ended
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const { url } = JSON.parse(line) as { url: string }
    return { url, child, ended, errors: () => errors }
  }
  throw new Error(`It ended before it was ready (${await ended}): ${errors}`)
}
