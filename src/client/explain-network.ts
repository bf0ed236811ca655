/** Why no answer came. */
export interface NetworkFault {
  /** The end of a sentence that begins with the address and "does not answer". */
  readonly why: string
  /** Another attempt would meet the same. */
  readonly isLasting: boolean
}

/** What the failure of a request is for people: by the code that Node and Bun give it. */
export function explainNetwork(error: unknown): NetworkFault {
  const { cause } = error as { cause?: unknown }
  const inner = cause instanceof Error ? cause : error
  const { code, message } = inner as { code?: unknown; message?: unknown }
  if (typeof code !== 'string') {
    return { why: String(message ?? inner).slice(0, 200), isLasting: false }
  }
  const lasting = lastingReasons[code]
  const reason = lasting ?? passingReasons[code]
  const why = reason === undefined ? code : `${reason} (${code})`
  return { why, isLasting: lasting !== undefined }
}

const passingReasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its name cannot be looked up now',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection broke off',
  UND_ERR_SOCKET: 'the connection broke off',
  ETIMEDOUT: 'it takes no connection',
  UND_ERR_CONNECT_TIMEOUT: 'it takes no connection',
  EHOSTUNREACH: 'no network leads there',
  ENETUNREACH: 'no network leads there',
}

const noTrust = 'its certificate is not trusted; NODE_EXTRA_CA_CERTS can name a file with others'
const noTls = 'it does not speak TLS there; perhaps it is http://'

const lastingReasons: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: noTrust,
  SELF_SIGNED_CERT_IN_CHAIN: noTrust,
  UNABLE_TO_GET_ISSUER_CERT: noTrust,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: noTrust,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: noTrust,
  CERT_HAS_EXPIRED: 'its certificate is over its time',
  CERT_NOT_YET_VALID:
    'its certificate is not valid yet; perhaps the clock of this computer is wrong',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
}
