/** A part of some bytes: from `start` up to, not including, `end`. */
export interface ByteSpan {
  readonly start: number
  readonly end: number
}

/** Digests, as far as they are known: of a file since it came in, of an archive since somebody asked. */
export interface Digests {
  /** Lower-case hex. */
  readonly md5?: string
  /** Lower-case hex. */
  readonly sha256?: string
  /** Unsigned 32 bits. */
  readonly crc32?: number
}

/** The one value that everything delivers: a stored file, a decrypted one, an archive of many. */
export interface Content {
  /** Exact length in bytes. */
  readonly size: number
  readonly mediaType: string
  /** A strong entity tag with its quotes (RFC 9110 §8.8.3). */
  readonly etag: string
  readonly lastModified: Date
  readonly digests: Digests
  /**
   * The bytes of a span, in order. A chunk is valid only until the next one is asked for, because
   * engines reuse their buffers. Throws when the bytes cannot be had whole; never ends short.
   */
  read(span: ByteSpan, signal?: AbortSignal): AsyncIterable<Uint8Array>
}
