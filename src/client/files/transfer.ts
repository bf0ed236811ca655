import type { Digests } from '../digests.ts'
import type { Place, RemoteFile } from '../remote-file.ts'
import type { AlignedBlocks } from './aligned-blocks.ts'
import type { FileTransport } from './file-transport.ts'
import type { RateLimit } from './rate-limit.ts'
import type { SmallFileSaver } from './small-file-saver.ts'

export interface TransferOptions {
  readonly transport: FileTransport
  readonly file: RemoteFile
  /** The full path that the file gets when it is whole. */
  readonly target: string
  /** An earlier run may have left a part of it. */
  readonly mayHavePart: boolean
  readonly signal?: AbortSignal | undefined
  /** At most so many at a time, where the server has ranges. */
  readonly connections: number
  /** From this length on a file comes by several connections, in bytes. */
  readonly splitBytes: number
  /** Unless one connection brings so many bytes a second by itself; Infinity: in any case. */
  readonly enoughRate: number
  readonly rateLimit: RateLimit | null
  readonly saver: SmallFileSaver
  readonly blocks: AlignedBlocks
  /** How long nothing may come before a connection counts as dead, in ms. */
  readonly stallMs: number
  /** So many more bytes of the file are here, out of how many; fewer when it starts again. */
  onBytes(delta: number, size: number | null): void
  /** All bytes of a small file are here and checked; it is being saved. */
  onReceived(): void
  /** Something went wrong and is tried again. */
  onSetback(sentence: string): void
}

/** What is known of the file at the server, from its answers. */
export interface Known {
  etag: string | null
  /** Who said so. */
  origin: string | null
  size: number | null
  /** Of answers; the listing's stand in the file. */
  digests: Digests
  hasRanges: boolean
  /** The bytes come in a content coding: neither length nor tag nor digest speak of what is saved. */
  isCoded: boolean
}

/** One file on its way. */
export interface Transfer {
  readonly options: TransferOptions
  known: Known
  /** The server was asked for a part and gave the whole: its word about ranges is worth nothing. */
  hasNoRanges: boolean
  /** Bytes of the present attempt, as told to `onBytes`. */
  counted: number
  place(signal: AbortSignal): Promise<Place>
  /** That address is over: the next call of `place` asks for another. */
  forget(url: string): void
  /** Goes over to the file's next mirror, of which nothing is known; false when there is none. */
  nextMirror(): boolean
}

/** A transfer of which nothing is known yet. */
export function createTransfer(options: TransferOptions): Transfer {
  let current: Promise<Place> | null = null
  let lastUrl: string | null = null
  let locate = options.file.locate
  const mirrors = [...(options.file.mirrors ?? [])]
  const transfer: Transfer = {
    options,
    known: nothingKnown(),
    hasNoRanges: false,
    counted: 0,
    async place(signal) {
      current ??= locate(signal).catch((error: unknown) => {
        current = null
        throw error
      })
      const place = await current
      lastUrl = place.url
      return place
    },
    forget(url) {
      // Several connections learn of it; the first one asks.
      if (url === lastUrl) current = null
    },
    nextMirror() {
      const url = mirrors.shift()
      if (url === undefined) return false
      locate = async () => ({ url, authorize: true, renewable: false })
      current = null
      transfer.known = nothingKnown()
      transfer.hasNoRanges = false
      return true
    },
  }
  return transfer
}

/** Before the first answer of a server. */
export function nothingKnown(): Known {
  return { etag: null, origin: null, size: null, digests: {}, hasRanges: false, isCoded: false }
}

/** Tells of bytes that came. */
export function count(transfer: Transfer, delta: number): void {
  transfer.counted += delta
  transfer.options.onBytes(delta, transfer.known.size ?? transfer.options.file.size)
}
