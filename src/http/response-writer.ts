import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * Writes to one response, a chunk at a time. A promise resolves when the socket has taken the bytes,
 * so that their buffer may be used again, or with `false` when the connection is gone.
 */
export class ResponseWriter {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #onGone: () => void
  #settle: ((taken: boolean) => void) | null = null
  #released = false

  /** @param onGone called once when the client has gone before `release` */
  constructor(request: IncomingMessage, response: ServerResponse, onGone: () => void) {
    this.#request = request
    this.#response = response
    this.#onGone = onGone
    // The socket's event, not the response's: a pipelined response that has no socket yet hears nothing.
    request.socket.once('close', this.#closed)
    response.on('error', this.#closed)
  }

  get isGone(): boolean {
    return this.#request.socket.destroyed || this.#response.destroyed
  }

  /** `head` goes before the chunk in the same system call. */
  write(chunk: Uint8Array, head = ''): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.isGone) return resolve(false)
      this.#settle = resolve
      if (head !== '') this.#response.write(head, 'latin1')
      this.#response.write(chunk, (error) => this.#taken(error))
    })
  }

  /** Ends the response with some last text. */
  end(text: string): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.isGone) return resolve(false)
      this.#settle = resolve
      this.#response.end(text, 'latin1', () => this.#taken(null))
    })
  }

  /** Breaks the connection: the client must not take what it has for the whole. */
  destroy(): void {
    this.#request.socket.destroy()
  }

  release(): void {
    this.#released = true
    this.#request.socket.off('close', this.#closed)
    this.#response.off('error', this.#closed)
  }

  #taken(error: Error | null | undefined): void {
    // A write that was under way when its socket was destroyed is called back without an error.
    this.#finish((error === null || error === undefined) && !this.isGone)
  }

  readonly #closed = (): void => {
    this.#finish(false)
    if (!this.#released) this.#onGone()
  }

  #finish(taken: boolean): void {
    const settle = this.#settle
    this.#settle = null
    settle?.(taken)
  }
}
