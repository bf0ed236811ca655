import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectSafely } from 'node:tls'

/** Who gets what comes. */
export interface Listener {
  /** @returns false: no more until `resume` is called */
  onBytes(bytes: Buffer): boolean
  /** It is over: by the other side, by `destroy`, or by an error. */
  onEnd(error: Error | null): void
}

/** A connection to a server, for one request at a time. */
export interface Connection {
  readonly isOver: boolean
  /** null: it is idle. What comes then ends it: nobody asked for that. */
  listener: Listener | null
  write(head: string): void
  resume(): void
  /** What came is kept for a while: its memory is not to be used again before it is released. */
  hold(bytes: Uint8Array): void
  release(bytes: Uint8Array): void
  destroy(): void
}

/** The system hands out what has come, up to so many bytes at once: few calls for a large file. */
const blockBytes = 1024 * 1024
/** How long a connection may take to come about, in ms. */
const connectMs = 10_000
/** A read into less room than this is not worth it. */
const leastRoom = 64 * 1024

/** Begins to connect; what is written meanwhile waits. */
export function openConnection(url: URL): Connection {
  const blocks = createBlocks()
  let listener: Listener | null = null
  let failure: Error | null = null
  let isOver = false
  const socket = openSocket(url, {
    buffer: blocks.room,
    callback(count, room) {
      if (listener !== null) return listener.onBytes(blocks.take(room, count))
      socket.destroy()
      return false
    },
  })
  const end = () => {
    if (isOver) return
    isOver = true
    socket.destroy()
    listener?.onEnd(failure)
  }
  socket.setTimeout(connectMs, () => socket.destroy(new Error('it takes no connection')))
  socket.once('connect', () => socket.setTimeout(0))
  socket.on('error', (error) => {
    failure = error
  })
  socket.on('end', end)
  socket.on('close', end)
  return {
    get isOver() {
      return isOver
    },
    get listener() {
      return listener
    },
    set listener(next) {
      listener = next
      // An idle one does not keep the process.
      if (next === null) socket.unref()
      else socket.ref()
    },
    write: (head) => void socket.write(head, 'latin1'),
    resume: () => void socket.resume(),
    hold: blocks.hold,
    release: blocks.release,
    destroy: () => void socket.destroy(),
  }
}

interface OnRead {
  buffer(): Uint8Array
  callback(count: number, room: Uint8Array): boolean
}

function openSocket({ protocol, hostname, port }: URL, onread: OnRead): Socket {
  const host = hostname.replace(/^\[|\]$/g, '')
  const shared = { host, onread, noDelay: true }
  if (protocol === 'http:') return connectPlain({ ...shared, port: Number(port || 80) })
  return connectSafely({
    ...shared,
    port: Number(port || 443),
    ALPNProtocols: ['http/1.1'],
    // RFC 6066 §3: an address is no server name.
    ...(isIP(host) === 0 ? { servername: host } : {}),
  })
}

interface Blocks {
  /** Where the next bytes go. */
  room(): Uint8Array
  /** So many bytes came into it; they stay until the next call of `room`, or as long as they are held. */
  take(room: Uint8Array, count: number): Buffer
  hold(bytes: Uint8Array): void
  release(bytes: Uint8Array): void
}

/**
 * Memory that is used again when nothing of it is held: to take a new block for each MiB cost a fifth
 * of the processor time of a large file.
 */
function createBlocks(): Blocks {
  const spare: Buffer[] = []
  /** How many pieces of a block are held. Who forgets to release leaves it to the garbage collector. */
  const held = new WeakMap<ArrayBufferLike, number>()
  let block: Buffer = Buffer.allocUnsafeSlow(blockBytes)
  let at = 0
  return {
    room() {
      if ((held.get(block.buffer) ?? 0) === 0) at = 0
      if (block.length - at < leastRoom) {
        block = spare.pop() ?? Buffer.allocUnsafeSlow(blockBytes)
        at = 0
      }
      return block.subarray(at)
    },
    take({ byteOffset }, count) {
      at = byteOffset + count
      return block.subarray(byteOffset, at)
    },
    hold({ buffer }) {
      held.set(buffer, (held.get(buffer) ?? 0) + 1)
    },
    release({ buffer }) {
      const left = (held.get(buffer) ?? 0) - 1
      held.set(buffer, left)
      if (left === 0 && buffer !== block.buffer) spare.push(Buffer.from(buffer))
    },
  }
}
