import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A process of ours that makes a file: what it is told, and who gets what comes of it. */
export interface Helper {
  /** The module it runs. It ends itself and all it started when its channel closes. */
  readonly module: URL
  /** All that its environment holds. */
  readonly environment: Readonly<Record<string, string>>
  /** The one message that it is sent. */
  readonly task: object
  /** How long it may take to end once it was told to, before it is killed. */
  readonly patienceMilliseconds: number
  /** Each message that it sends. */
  onMessage(message: unknown): void
  /** Each chunk of its standard output, one after another; the process waits meanwhile. */
  onOutput(chunk: Uint8Array): Promise<void>
}

/** Nothing came for so long after a helper's end: somebody it left behind holds its output open. */
const silence = 10_000

/**
 * Runs a helper until it has ended and all its output was taken; returns the last 8 KiB of its
 * standard error. On abort, or when the output cannot be taken, it is told to end; the promise
 * rejects once it has.
 */
export async function runHelper(helper: Helper, signal: AbortSignal): Promise<string> {
  await turnToStart()
  signal.throwIfAborted()
  const child = fork(fileURLToPath(helper.module), {
    // In a session of its own: a signal to the server's group, even SIGKILL, leaves it to tidy up.
    detached: true,
    env: { ...helper.environment },
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const exit = once(child, 'exit')
  exit.catch(() => {})
  const complaints = keepTail(child)
  child.on('message', (message) => helper.onMessage(message))
  child.send(helper.task, () => {})
  const abort = () => child.stdout?.destroy(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    await takeOutput(child, helper)
    await exit
    return complaints()
  } catch (cause) {
    await end(child, exit, helper.patienceMilliseconds)
    throw cause
  } finally {
    signal.removeEventListener('abort', abort)
    child.stdout?.destroy()
    child.stderr?.destroy()
  }
}

let lastTurn = Promise.resolve()

/**
 * Resolves in a turn of the event loop that no other helper starts in: to fork costs the main thread 5 ms,
 * because the kernel copies the tables of its memory, and four at once held up every request for 20.
 */
function turnToStart(): Promise<void> {
  lastTurn = lastTurn.then(() => new Promise((resolve) => setImmediate(resolve)))
  return lastTurn
}

async function takeOutput(child: ChildProcess, helper: Helper): Promise<void> {
  const watch: { timer?: NodeJS.Timeout } = {}
  const watchSilence = () => {
    const sentence = 'It left a process behind that holds its output open.'
    watch.timer = setTimeout(() => child.stdout?.destroy(new Error(sentence)), silence)
  }
  child.once('exit', watchSilence)
  try {
    for await (const chunk of child.stdout ?? []) {
      await helper.onOutput(chunk)
      watch.timer?.refresh()
    }
  } finally {
    child.off('exit', watchSilence)
    clearTimeout(watch.timer)
  }
}

async function end(child: ChildProcess, exit: Promise<unknown>, patience: number): Promise<void> {
  if (child.connected) child.disconnect()
  const timer = setTimeout(() => child.kill('SIGKILL'), patience)
  await exit.catch(() => {})
  clearTimeout(timer)
}

function keepTail(child: ChildProcess): () => string {
  let tail = Buffer.alloc(0)
  child.stderr?.on('data', (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-8192)
  })
  return () => tail.toString('utf8').trim()
}
