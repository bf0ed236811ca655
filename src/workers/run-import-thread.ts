import { Worker } from 'node:worker_threads'
import { siblingModule } from '../sibling-module.ts'
import type {
  ImportAnswer,
  ImportCalls,
  ImportMessage,
  ImportReport,
  ImportTask,
} from './import-task.ts'

/** A row is at most a MiB, a batch fifty of them: what needs more than this is an attack. */
const memoryMegabytes = 512

/**
 * Reads a roster file in a thread of its own, so that parsing, checking and hashing never hold up
 * the requests. The thread has no connections; what it needs it asks of `calls`.
 * @throws whatever a call throws, or the signal's reason; the thread is gone by then
 */
export async function runImportThread(
  task: ImportTask,
  { calls, signal }: { calls: ImportCalls; signal: AbortSignal },
): Promise<ImportReport> {
  signal.throwIfAborted()
  const thread = new Worker(siblingModule(import.meta.url, 'import-thread'), {
    workerData: task,
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: memoryMegabytes },
  })
  const { promise, resolve, reject } = Promise.withResolvers<ImportReport>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort)
  thread.on('message', (message: ImportMessage) => {
    if (message.call === 'end') resolve(message.report)
    else answer(thread, calls, message).catch(reject)
  })
  thread.on('error', reject)
  thread.on('exit', () => reject(new Error('The thread that read the file ended early.')))
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', abort)
    await thread.terminate()
  }
}

async function answer(
  thread: Worker,
  calls: ImportCalls,
  message: Exclude<ImportMessage, { call: 'end' }>,
): Promise<void> {
  const value = await call(calls, message)
  const reply: ImportAnswer = { id: message.id, value }
  thread.postMessage(reply, value instanceof Uint8Array ? [value.buffer as ArrayBuffer] : [])
}

async function call(
  calls: ImportCalls,
  message: Exclude<ImportMessage, { call: 'end' }>,
): Promise<unknown> {
  if (message.call === 'read') return await calls.read()
  if (message.call === 'apply') return await calls.apply(message.argument)
  return await calls.write(message.argument)
}
