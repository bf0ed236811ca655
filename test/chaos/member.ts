import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { TestContext } from 'node:test'
import { childEnvironment } from '../support/child-environment.ts'
import { until } from '../support/until.ts'

/** A node or a worker: a process that is killed, paused, and started again. */
export interface Member {
  readonly name: string
  /** Starts it as a supervisor does: again when it ends before it is ready, for a minute at most. */
  start(): Promise<void>
  kill(): Promise<void>
  /** `SIGSTOP`, `SIGCONT`, or what shifts its clock. */
  signal(signal: NodeJS.Signals): void
  /** Leaves no room in its temporary folder, or makes room again. */
  fillDisk(isFull: boolean): Promise<void>
  /** Ends it as an operator does; its exit code. */
  stop(): Promise<number | null>
  /** The end of what it said on its standard error. */
  errors(): string
}

export interface MemberOptions {
  readonly name: string
  readonly command: readonly string[]
  readonly cwd: string
  readonly env: Record<string, string>
  /** Where it has a small file system of its own; null for none. */
  readonly ownDisk: string | null
  /** Hears that it has ended, which nobody had asked it to. */
  onFall(how: string): void
  /** Hears each line that it prints. */
  onLine(line: string): void
  /** It begins only when it has printed a line. */
  readonly isReadyByLine: boolean
}

/** The room in a member's own file system: for every file that is made at the same time. */
const DISK = '96m'

/** Ends with the test. */
export function createMember(t: Pick<TestContext, 'after'>, options: MemberOptions): Member {
  const { name, cwd, env, ownDisk } = options
  const command = ownDisk === null ? options.command : [...withOwnDisk(ownDisk), ...options.command]
  let child: ChildProcess | null = null
  let errors = ''
  /** It is ready, and nobody has told it to end. */
  let isUp = false

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    isUp = false
    if (child === null || child.exitCode !== null || child.signalCode !== null) return null
    const ended = once(child, 'exit')
    child.kill(signal)
    const [code] = await ended
    return code as number | null
  }

  /** False when it ended before it was ready. */
  async function begin(): Promise<boolean> {
    const begun = spawn(command[0] ?? '', command.slice(1), {
      ...{ cwd, env: childEnvironment(env) },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    child = begun
    begun.stderr.on('data', (chunk) => {
      errors = (errors + chunk).slice(-20_000)
    })
    begun.on('exit', (code, signal) => {
      if (isUp && child === begun) options.onFall(`${name} has ended by itself: ${code ?? signal}`)
    })
    isUp = await hear(begun, options)
    return isUp
  }

  t.after(() => end('SIGKILL'))
  return {
    name,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    errors: () => errors,
    start: () => until(`${name} is up`, begin),
    signal: (signal) => void child?.kill(signal),
    async fillDisk(isFull) {
      // The file system is seen from outside through the process that has it.
      const ballast = `/proc/${child?.pid}/root${ownDisk}/ballast`
      if (!isFull) return await rm(ballast, { force: true })
      await writeFile(ballast, Buffer.alloc(Number.parseInt(DISK, 10) * 1024 * 1024)).catch(
        unlessFull,
      )
    },
  }
}

/** Resolves when it is ready, or has ended, and goes on hearing. */
async function hear(
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  { onLine, isReadyByLine }: MemberOptions,
): Promise<boolean> {
  const ready = Promise.withResolvers<boolean>()
  child.on('exit', () => ready.resolve(false))
  createInterface({ input: child.stdout }).on('line', (line) => {
    onLine(line)
    ready.resolve(true)
  })
  if (!isReadyByLine) ready.resolve(true)
  return await ready.promise
}

/** What runs a program with a small file system in memory in this folder, which nobody else sees. */
export function withOwnDisk(folder: string): string[] {
  const script = `mount -t tmpfs -o size=${DISK} none ${folder} && exec "$0" "$@"`
  return ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', script]
}

function unlessFull(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOSPC') throw error
}
