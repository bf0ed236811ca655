import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { siblingModule } from '../../sibling-module.ts'
import type { QueryReport, QueryTask } from './query-task.ts'

/**
 * The program of the process that runs one query. It writes the file to its standard output and
 * ends when its channel to the server closes, whatever it is doing: on cancel, or because the server
 * is gone.
 */
async function runQuery(): Promise<void> {
  // A Ctrl-C at the server's terminal is the server's to handle.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  const closed = new AbortController()
  process.once('disconnect', () => closed.abort())
  const [task] = (await once(process, 'message')) as [QueryTask]
  await run(task, closed.signal)
  await told
  process.exit(0)
}

async function run(task: QueryTask, signal: AbortSignal): Promise<void> {
  if (task.source.engine === 'sqlite') return runInThread(task, signal)
  const { runPostgresQuery } = await import('./query-postgres.ts')
  await runPostgresQuery(task, { tell, signal })
}

/** SQLite holds the thread it works in, so this one stays free to notice that the server is gone. */
async function runInThread(task: QueryTask, signal: AbortSignal): Promise<void> {
  // Not `exit()`: that waits for the thread, which may be in a step of minutes.
  signal.addEventListener('abort', () => process.kill(process.pid, 'SIGKILL'))
  const thread = new Worker(siblingModule(import.meta.url, 'query-thread'), { workerData: task })
  thread.on('message', tell)
  thread.on('error', (error: Error) => tell({ kind: 'failed', sentence: error.message }))
  await new Promise((resolve) => thread.once('exit', resolve))
}

/** Resolves when the last report is on its way. */
let told: Promise<void> = Promise.resolve()

function tell(report: QueryReport): void {
  if (!process.connected) return
  told = new Promise((resolve) => {
    process.send?.(report, () => resolve())
  })
}

await runQuery()
