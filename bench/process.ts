import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { newKey } from '../test/support/keys.ts'

const run = promisify(execFile)
const clone = fileURLToPath(new URL('../', import.meta.url))
const built = join(clone, '.tmp', 'bench-build')

/** A server in a process of its own, which has printed `{ "url": … }`. */
export interface BenchProcess extends AsyncDisposable {
  readonly url: string
  readonly pid: number
  readonly child: ChildProcess
}

/** Compiles the product as it is published, inside the repository, so that it finds its packages. */
export async function buildProduct(): Promise<void> {
  await mkdir(built, { recursive: true })
  await cp(join(clone, 'package.json'), join(built, 'package.json'))
  const out = ['--outDir', join(built, 'dist'), '--declaration', 'false', '--noCheck']
  await run('tsc', ['-p', join(clone, 'tsconfig.build.json'), ...out])
}

/**
 * Starts the compiled server with the flags of `npm start`; its log goes to /dev/null.
 * @param flags further ones for Node
 */
export async function startServer(
  environment: Record<string, string>,
  flags: readonly string[] = [],
): Promise<BenchProcess> {
  const main = join(built, 'dist', 'main.js')
  const start = await startLine()
  const startFlags = start.match(/--[a-z-]+(=\S+)?/g) ?? []
  const variables = Object.fromEntries(
    [...start.matchAll(/\b([A-Z_]+)=(\S+)/g)].map(([, name, value]) => [name, value]),
  )
  const words = [...startFlags, ...flags, main, 'serve', '--port', '0', '--json']
  return await startProcess(words, {
    environment: { ...variables, ...environment },
    errors: 'ignore',
  })
}

/** How `npm start` does it: variables, and flags for Node. */
async function startLine(): Promise<string> {
  const { scripts } = JSON.parse(await readFile(join(clone, 'package.json'), 'utf8'))
  return String(scripts.start)
}

/** Starts a script of this folder. */
export async function startScript(name: string, words: readonly string[]): Promise<BenchProcess> {
  const environment = {}
  const script = join(import.meta.dirname, name)
  return await startProcess([script, ...words], { environment, errors: 'inherit' })
}

async function startProcess(
  words: readonly string[],
  { environment, errors }: { environment: Record<string, string>; errors: 'ignore' | 'inherit' },
): Promise<BenchProcess> {
  const child = spawn(process.execPath, words, {
    stdio: ['ignore', 'pipe', errors, 'ipc'],
    env: { PATH: process.env.PATH ?? '', ...environment },
  })
  const ended = once(child, 'exit')
  if (child.stdout === null) throw new Error('It has no standard output.')
  const line = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])
  if (typeof line[0] !== 'string') throw new Error(`It did not start: node ${words.join(' ')}`)
  const { url } = JSON.parse(line[0]) as { url: string }
  return {
    url,
    pid: child.pid ?? 0,
    child,
    async [Symbol.asyncDispose]() {
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

/** The settings of a server to be measured: its own folder, keys and configuration; all else as shipped. */
export async function benchEnvironment(folder: string) {
  const config = join(folder, 'claimcheck.config.mjs')
  await cp(join(import.meta.dirname, 'bench.config.mjs'), config)
  return {
    CLAIMCHECK_DATA: join(folder, 'data'),
    CLAIMCHECK_SIGNING_KEYS: newKey('bench'),
    CLAIMCHECK_MASTER_KEYS: newKey('bench'),
    CLAIMCHECK_CONFIG: config,
  }
}
