import { Writable } from 'node:stream'
import type { ProducerContext } from '../../src/workers/producer.ts'

/** One file that a producer opened. */
export interface CollectedFile {
  readonly name: string
  readonly mediaType: string
  readonly chunks: Buffer[]
  /** Whole, because it was ended; a file that was given up never is. */
  finished: boolean
  failure: Error | null
}

export interface Collected {
  readonly context: ProducerContext
  readonly files: CollectedFile[]
  readonly progress: { fraction: number; message: string | undefined }[]
  /** The bytes of the one file there must be, ended well. */
  bytes(): Buffer
  text(): string
}

export interface ContextOptions {
  readonly info?: unknown
  readonly signal?: AbortSignal
  /** What happens to each chunk; the default keeps it. */
  readonly write?: (chunk: Buffer, file: CollectedFile) => Promise<void> | void
}

/** What a producer is given, with the files kept in memory. */
export function createContext(options: ContextOptions = {}): Collected {
  const files: CollectedFile[] = []
  const progress: Collected['progress'] = []
  const write = options.write ?? ((chunk, file) => void file.chunks.push(Buffer.from(chunk)))
  const collected: Collected = {
    files,
    progress,
    context: {
      type: 'example',
      info: options.info ?? null,
      account: { id: 'account-1', username: 'ada', organizationId: 'organization-1' },
      signal: options.signal ?? new AbortController().signal,
      progress: (fraction, message) => progress.push({ fraction, message }),
      file: (name, mediaType) => {
        const file = { name, mediaType, chunks: [], finished: false, failure: null }
        files.push(file)
        return openWritable(file, write)
      },
    },
    bytes: () => {
      const [file] = files
      if (files.length !== 1 || file === undefined || !file.finished) {
        throw new Error(`Not one finished file: ${JSON.stringify(files.map(({ name }) => name))}`)
      }
      return Buffer.concat(file.chunks)
    },
    text: () => collected.bytes().toString('utf8'),
  }
  return collected
}

function openWritable(
  file: CollectedFile,
  write: (chunk: Buffer, file: CollectedFile) => Promise<void> | void,
): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      void (async () => write(chunk, file))().then(() => done(), done)
    },
    final: (done) => {
      file.finished = true
      done()
    },
    destroy: (error, done) => {
      file.failure = error
      done(error)
    },
  })
}
