/** The header fields of an answer; a `Headers` is such a thing. */
export interface HttpFields {
  get(name: string): string | null
  has(name: string): boolean
}

/** Reads a body from its beginning to its end. */
export interface BodyReader {
  /** @throws when the body breaks off */
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
  /** Lets the rest go. */
  cancel(): Promise<void>
  /** Where it is there: the memory of a chunk may be used for the next ones. */
  release?(chunk: Uint8Array): void
}

export interface AnswerBody {
  getReader(): BodyReader
  cancel(): Promise<void>
}

/** What the client needs of an answer; a `Response` is one, and what sockets give is another. */
export interface HttpAnswer {
  readonly status: number
  readonly ok: boolean
  readonly type: string
  /** Empty where it is that of the request. */
  readonly url: string
  readonly headers: HttpFields
  readonly body: AnswerBody | null
  arrayBuffer(): Promise<ArrayBuffer>
}
