import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { childEnvironment } from './child-environment.ts'
import { main } from './main.ts'

export interface ServerProcess {
  readonly url: string
  readonly pid: number
  /** Ends it by the signal and resolves with its exit code, or null when the signal ended it. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>
}

/**
 * Starts `claimcheck serve --json` as a process of its own; resolves when it listens. It ends with the test.
 * @param through a program that becomes the one that it is given, with its first words
 */
export async function startServerProcess(
  t: Pick<TestContext, 'after'>,
  cwd: string,
  environment: Record<string, string>,
  through: readonly string[] = [],
): Promise<ServerProcess> {
  const command = [...through, process.execPath, main, 'serve', '--port', '0', '--json']
  const child = spawn(command[0] ?? '', command.slice(1), {
    cwd,
    env: childEnvironment(environment),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors = (errors + chunk).slice(-4000)
  })
  const url = await readUrl(child)
  if (url === null) throw new Error(`The server did not start: ${errors}`)
  return {
    url,
    pid: child.pid ?? 0,
    async stop(signal) {
      const ended = once(child, 'exit')
      child.kill(signal)
      const [code] = await ended
      return code as number | null
    },
  }
}

async function readUrl(child: ChildProcess): Promise<string | null> {
  if (child.stdout === null) return null
  for await (const line of createInterface({ input: child.stdout })) {
    return (JSON.parse(line) as { url: string }).url
  }
  return null
}
