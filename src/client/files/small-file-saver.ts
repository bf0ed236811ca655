import { Worker } from 'node:worker_threads'
import { unsafePart } from './part-file.ts'

/**
 * Writes, syncs and names whole files that are small. On threads, because a file takes five calls of
 * the system: each one handed to Node's own pool cost as much as the request for the file, and four
 * files that are synced together cost the disk little more than one.
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
  readonly bytes: Uint8Array
}

/** What the system refused; null: it is saved. */
export type SaveAnswer = Readonly<Record<'code' | 'syscall' | 'message' | 'path', string>> | null

const mostThreads = 4

/** A saver whose threads are started when they are needed. */
export function createSmallFileSaver(): SmallFileSaver {
  const threads: SaveThread[] = []
  const choose = (): SaveThread => {
    const free = threads.find(({ waiting }) => waiting === 0)
    if (free !== undefined) return free
    if (threads.length < mostThreads) {
      const thread = startThread()
      threads.push(thread)
      return thread
    }
    return threads.reduce((least, one) => (one.waiting < least.waiting ? one : least))
  }
  return {
    save: async (target, bytes) => await choose().save({ target, bytes }),
    async close() {
      await Promise.all(threads.splice(0).map((thread) => thread.end()))
    },
  }
}

interface SaveThread {
  /** Files that it has not answered for. */
  readonly waiting: number
  save(task: SaveTask & { bytes: Uint8Array<ArrayBuffer> }): Promise<void>
  end(): Promise<unknown>
}

interface Waiting {
  resolve(): void
  reject(error: unknown): void
}

function startThread(): SaveThread {
  // The compiler makes .js of it; it rewrites imports, and no such names.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const worker = new Worker(new URL(`./save-thread.${extension}`, import.meta.url))
  // It answers in the order in which it is asked.
  const waiting: Waiting[] = []
  worker.on('message', (answer: SaveAnswer) => {
    const one = waiting.shift()
    if (answer === null) one?.resolve()
    else one?.reject(errorOf(answer))
  })
  worker.on('error', (error) => {
    for (const one of waiting.splice(0)) one.reject(error)
  })
  return {
    get waiting() {
      return waiting.length
    },
    save(task) {
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject })
        worker.postMessage(task, [task.bytes.buffer])
      })
    },
    end: () => worker.terminate(),
  }
}

function errorOf({ message, ...facts }: NonNullable<SaveAnswer>): Error {
  return facts.code === 'ELOOP' ? unsafePart(facts.path) : Object.assign(new Error(message), facts)
}
