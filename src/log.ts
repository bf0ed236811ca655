import { writeSync } from 'node:fs'
import { type DestinationStream, type LevelWithSilent, type Logger, pino, symbols } from 'pino'

export type { Logger } from 'pino'

export interface LogOptions {
  readonly level: LevelWithSilent
  /** The file descriptor to write to: 1 is the standard output, 2 the standard error. */
  readonly descriptor: 1 | 2
}

/**
 * Logs JSON lines: `level` as a word, `time` in ISO 8601, `msg` a sentence. Lines are gathered for a
 * tenth of a second, because a system call for each costs more than making the line. The last ones are
 * written when the process ends, by an error too; only SIGKILL loses them.
 */
export function createLog({ level, descriptor }: LogOptions): Logger {
  const lines = gatherLines(descriptor)
  process.on('exit', lines.flushSync)
  return pino(
    {
      level,
      base: null,
      timestamp: createTimestamp(),
      formatters: { level: (label) => ({ level: label }) },
    },
    lines,
  )
}

/** What is told of a request; `id`, `ip` and `whole` where they are known. */
export interface RequestLine {
  readonly id?: string
  readonly method: string
  readonly path: string
  readonly status: number
  /** How long it took. */
  readonly ms: number
  readonly ip?: string
  /** Whether all that was to be sent went out. */
  readonly whole?: boolean
}

/**
 * Logs such a line at `info`, as `log.info(line, 'request')` would. It is put together here, because pino takes
 * 3 of the 45 µs of a poll for it.
 */
export function createRequestLog(log: Logger): (line: RequestLine) => void {
  const out = Reflect.get(log, symbols.streamSym) as DestinationStream
  const time = createTimestamp()
  return ({ id, method, path, status, ms, ip, whole }) => {
    if (!log.isLevelEnabled('info')) return
    // Paths and addresses are what the client, or a proxy, says: anything may be in them.
    const request = `"method":"${method}","path":${JSON.stringify(path)},"status":${status},"ms":${ms}`
    const before = id === undefined ? '' : `"id":"${id}",`
    const after = ip === undefined ? '' : `,"ip":${JSON.stringify(ip)}`
    const end = whole === undefined ? '' : `,"whole":${whole}`
    out.write(`{"level":"info"${time()},${before}${request}${after}${end},"msg":"request"}\n`)
  }
}

/** So many characters go out at once, and what there is after so many milliseconds. */
const [GATHERED, GATHERED_MS] = [8192, 100]
/** So many characters wait for a reader that is slow; what comes meanwhile is lost, and told as lost. */
const MOST_WAITING = 1024 * 1024
/** So long the end of the process waits for a reader that is slow, in ms. */
const LAST_WAIT_MS = 2000

interface Lines extends DestinationStream {
  /** Writes what there is, and waits for a reader that is slow. */
  flushSync(): void
}

/**
 * Gathers lines and writes them together. Not by pino's own destination: it measures all that it has gathered anew with each
 * line, which took 5 of the 50 µs of a poll and made a quarter of its garbage. What a full pipe does not take
 * waits for the next turn, up to a mebibyte; what cannot be written at all, to a full disk or a closed pipe, is dropped.
 */
function gatherLines(descriptor: number): Lines {
  let lines: string[] = []
  let length = 0
  let lost = 0
  let rest: Uint8Array = new Uint8Array(0)

  /** False when the reader takes no more at the moment. */
  function send(): boolean {
    try {
      while (rest.length > 0 || length > 0) {
        if (rest.length === 0) {
          if (lost > 0) lines.push(tellLost(lost))
          rest = Buffer.from(lines.join(''))
          lines = []
          length = 0
          lost = 0
        }
        rest = rest.subarray(writeSync(descriptor, rest))
      }
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false
      rest = new Uint8Array(0)
      return true
    }
  }

  setInterval(send, GATHERED_MS).unref()
  return {
    write(line) {
      if (length >= MOST_WAITING) {
        lost += 1
        return
      }
      lines.push(line)
      length += line.length
      if (length >= GATHERED) send()
    },
    flushSync() {
      const until = performance.now() + LAST_WAIT_MS
      while (!send() && performance.now() < until) Atomics.wait(sleeper, 0, 0, 10)
    },
  }
}

function tellLost(count: number): string {
  const time = createTimestamp()()
  return `{"level":"warn"${time},"lines":${count},"msg":"Lines of the log were lost: nobody read them"}\n`
}

const sleeper = new Int32Array(new SharedArrayBuffer(4))

/** Many lines are of the same millisecond: formatting it anew was a fifth of what a line costs. */
function createTimestamp(): () => string {
  let at = 0
  let text = ''
  return () => {
    const now = Date.now()
    if (now !== at) {
      at = now
      text = `,"time":"${new Date(now).toISOString()}"`
    }
    return text
  }
}
