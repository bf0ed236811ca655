import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { newKey } from '../src/auth/key-ring.ts'

/** A server in a process of its own, which has printed `{ "url": … }`. */
export interface BenchProcess extends AsyncDisposable {
  readonly url: string
  readonly pid: number
}

export async function startProcess(
  script: string,
  words: readonly string[],
  environment: Record<string, string> = {},
): Promise<BenchProcess> {
  const child = spawn(process.execPath, [new URL(script, import.meta.url).pathname, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH ?? '', ...environment },
  })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  const { url } = JSON.parse(String(line)) as { url: string }
  return {
    url,
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** A folder that goes at the end of its block. */
export async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'claimcheck-bench-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** The settings of a server to be measured: its own folder and keys, errors only in the log. */
export function benchEnvironment(folder: string) {
  return {
    CLAIMCHECK_DATA: join(folder, 'data'),
    CLAIMCHECK_SIGNING_KEYS: newKey('bench'),
    CLAIMCHECK_MASTER_KEYS: newKey('bench'),
    CLAIMCHECK_LOG_LEVEL: 'error',
  }
}
