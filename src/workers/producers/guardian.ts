import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import type { GuardianReport, GuardianTask } from './guardian-task.ts'

/**
 * The program of the guardian process: it starts one command in a process group of its own and ends
 * that whole group when the command is over, when it is told to (its channel to the server closes),
 * and so also when the server is killed, because the kernel closes the channel then.
 */
function guard(): void {
  // A Ctrl-C at the server's terminal is the server's to handle.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  process.once('disconnect', () => process.exit(0))
  process.once('message', (task: GuardianTask) => start(task))
}

function start(task: GuardianTask): void {
  // `detached` makes it the leader of a new group; its output is ours, so the bytes go straight to the server.
  const child = spawn(task.command, task.args, {
    cwd: task.folder,
    env: task.environment,
    detached: true,
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  child.once('error', (error: NodeJS.ErrnoException) => {
    if (child.pid === undefined) report({ kind: 'unstarted', sentence: unstarted(error, task) })
  })
  if (child.pid === undefined) return
  attend(child, child.pid, task.graceMilliseconds)
  // A command need not read its input.
  child.stdin?.on('error', () => {})
  child.stdin?.end(task.input)
}

function attend(child: ChildProcess, group: number, grace: number): void {
  process.removeAllListeners('disconnect')
  process.once('disconnect', () => void endGroup(group, grace).then(() => process.exit(0)))
  process.send?.({ kind: 'started', group } satisfies GuardianReport)
  child.once('exit', async (code, signal) => {
    // Processes it left behind would hold its output open for ever.
    await endGroup(group, grace)
    report({ kind: 'ended', code, signal })
  })
}

/** The last word; then the server sees the output's end. */
function report(message: GuardianReport): void {
  if (!process.connected) process.exit(0)
  process.send?.(message, () => process.exit(0))
}

/** Asks every process of the group to end, and ends those that have not after the grace. */
async function endGroup(group: number, grace: number): Promise<void> {
  if (!signalGroup(group, 'SIGTERM')) return
  const patience = Date.now() + grace
  while (Date.now() < patience) {
    await delay(20)
    if (!signalGroup(group, 0)) return
  }
  signalGroup(group, 'SIGKILL')
}

/** False when there is nothing left of the group. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal)
  } catch {
    return false
  }
}

function unstarted(error: NodeJS.ErrnoException, task: GuardianTask): string {
  if (error.code === 'ENOENT') {
    return `is not there: no such program on the PATH or in ${task.folder}.`
  }
  if (error.code === 'EACCES') return 'may not be run: it is not executable by the server.'
  return `could not be started: ${error.message}.`
}

guard()
