/** Every reason for which the client gives up. */
export type ClientErrorCode =
  /** What the caller gave cannot be used: a URL, an option, a file of its own. */
  | 'bad_input'
  /** No answer, or none that came to its end, after all attempts. */
  | 'unreachable'
  /** Its certificate is not one to trust, or it does not speak TLS where it should. */
  | 'untrusted'
  /** The server kept saying 429 or 503, or asked for more patience than is allowed. */
  | 'too_busy'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  /** Any other refusal of the server: 4xx. */
  | 'refused'
  /** Any other failure of the server: 5xx. */
  | 'server_failed'
  /** An answer that cannot be read: HTML in place of JSON, a member that is missing. */
  | 'bad_answer'
  | 'too_many_redirects'
  /** A web page came in place of the file. */
  | 'not_a_file'
  /** A time-limited URL is over, and there is nobody to ask for a new one. */
  | 'link_expired'
  /** The file changed again and again while it was fetched. */
  | 'changed'
  /** Length or digest are not what was promised. */
  | 'damaged'
  /** The answer tells neither its length nor its end, and no digest is known. */
  | 'unverifiable'
  /** The target's place is taken by something that must not be written through: a link. */
  | 'unsafe_target'
  /** Another run fetches files into the same folder. */
  | 'folder_in_use'
  /** Work that was asked for is over without a result. */
  | 'delivery_failed'
  | 'delivery_expired'
  | 'delivery_canceled'
  /** Over, and some files are missing. */
  | 'delivery_incomplete'
  | 'aborted'

export interface ClientErrorOptions {
  cause?: unknown
  /** Facts for programs: the status, the URL without its query. */
  details?: Readonly<Record<string, unknown>>
  hint?: string | null
}

/** Why the client gave up: a code for programs, a sentence for people. It never holds a secret. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  readonly code: ClientErrorCode
  readonly details: Readonly<Record<string, unknown>>
  /** What to do about it, for people; of a refused sign-in what `signInHint` of the client says; or null. */
  readonly hint: string | null

  constructor(code: ClientErrorCode, sentence: string, options: ClientErrorOptions = {}) {
    super(sentence, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.details = options.details ?? {}
    this.hint = options.hint ?? null
  }
}
