import { Worker } from 'node:worker_threads'
import { unsafePart } from './part-file.ts'

/**
 * Writes, syncs and names whole files that are small. On threads, because a file takes five calls of
 * the system: each one handed to Node's own pool cost as much as the request for the file, and several
 * files that are synced together cost the disk little more than one. Some are gathered for one message:
 * to wake a thread costs as much as to write a file.
 */
export interface SmallFileSaver {
  /**
   * Saves by way of `<target>.part`.
   * @param bytes are gone for the caller afterwards
   * @throws ClientError `unsafe_target`, and what the disk says
   */
  save(target: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>
  /** Ends the threads. Nothing must be under way. */
  close(): Promise<void>
}

export interface SaveTask {
  readonly target: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** What the system refused; null: it is saved. */
export type SaveAnswer = Readonly<Record<'code' | 'syscall' | 'message' | 'path', string>> | null

const mostThreads = 4
/** More would wait on one thread while another one is free soon. */
const mostAtOnce = 16
/** How long so many are waited for, in ms. */
const gatherMs = 5

interface Waiting {
  readonly task: SaveTask
  resolve(): void
  reject(error: unknown): void
}

/** A saver whose threads are started when they are needed. */
export function createSmallFileSaver(): SmallFileSaver {
  const threads: SaveThread[] = []
  const waiting: Waiting[] = []
  let timer: NodeJS.Timeout | null = null

  async function handOut(): Promise<void> {
    if (waiting.length === 0) return
    let thread = threads.find(({ isBusy }) => !isBusy)
    if (thread === undefined) {
      if (threads.length === mostThreads) return
      thread = startThread()
      threads.push(thread)
    }
    const batch = waiting.splice(0, mostAtOnce)
    try {
      const answers = await thread.save(batch.map(({ task }) => task))
      for (const [index, answer] of answers.entries()) {
        if (answer === null) batch[index]?.resolve()
        else batch[index]?.reject(errorOf(answer))
      }
    } catch (error) {
      for (const one of batch) one.reject(error)
    }
    if (waiting.length >= mostAtOnce || timer === null) void handOut()
  }

  return {
    save(target, bytes) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      waiting.push({ task: { target, bytes }, resolve, reject })
      if (waiting.length >= mostAtOnce) void handOut()
      timer ??= setTimeout(() => {
        timer = null
        void handOut()
      }, gatherMs)
      return promise
    },
    async close() {
      await Promise.all(threads.splice(0).map((thread) => thread.end()))
    },
  }
}

interface SaveThread {
  readonly isBusy: boolean
  save(tasks: readonly SaveTask[]): Promise<readonly SaveAnswer[]>
  end(): Promise<unknown>
}

function startThread(): SaveThread {
  // The compiler makes .js of it; it rewrites imports, and no such names.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const worker = new Worker(new URL(`./save-thread.${extension}`, import.meta.url))
  let busy: PromiseWithResolvers<readonly SaveAnswer[]> | null = null
  worker.on('message', (answers: readonly SaveAnswer[]) => {
    busy?.resolve(answers)
    busy = null
  })
  // It ends with this, and whatever is handed to it afterwards fails, too.
  let failure: { error: unknown } | null = null
  worker.on('error', (error) => {
    failure = { error }
    busy?.reject(error)
    busy = null
  })
  return {
    get isBusy() {
      return busy !== null
    },
    async save(tasks) {
      if (failure !== null) throw failure.error
      busy = Promise.withResolvers()
      worker.postMessage(
        tasks,
        tasks.map(({ bytes }) => bytes.buffer),
      )
      return await busy.promise
    },
    end: () => worker.terminate(),
  }
}

function errorOf({ message, ...facts }: NonNullable<SaveAnswer>): Error {
  return facts.code === 'ELOOP' ? unsafePart(facts.path) : Object.assign(new Error(message), facts)
}
