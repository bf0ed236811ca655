/** Why PostgreSQL could not be opened, in one sentence for the operator; the password is not in it. */
export function explainUnusable(url: string, cause: unknown): Error {
  return new Error(`${sentenceOf(new URL(url), cause)} Check CLAIMCHECK_DATABASE_URL.`, { cause })
}

function sentenceOf(url: URL, cause: unknown): string {
  const where = `PostgreSQL at ${url.hostname || 'localhost'}:${url.port || '5432'}`
  const user = decodeURIComponent(url.username)
  const name = decodeURIComponent(url.pathname.slice(1)) || user
  const error = cause instanceof Error ? cause : new Error(String(cause))
  const code = 'code' in error ? String(error.code) : ''
  switch (code) {
    case 'ECONNREFUSED':
      return `${where} does not answer: nothing listens there.`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${where} cannot be found: no host has this name.`
    case '28P01':
      return `${where} refuses the password of user "${user}".`
    case '28000':
      return `${where} refuses user "${user}" (${error.message}).`
    case '3D000':
      return `${where} has no database "${name}": create it with "createdb ${name}", or name another.`
    case '42501':
      return `${where} does not let user "${user}" make tables in database "${name}" (${error.message}).`
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return `${where} has a certificate for which nobody known here vouches: name the file of its authority by sslrootcert=….`
    case '57P03':
      return `${where} takes no connections yet (${error.message}).`
    default:
      // What the driver says when it is asked for a password and has none.
      if (error.message.includes('client password must be a string')) {
        return `${where} asks user "${user}" for a password: put it into PGPASSWORD or ~/.pgpass.`
      }
      return `${where} cannot be used (${error.message || code}).`
  }
}
