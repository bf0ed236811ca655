import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'

export interface Certificate {
  readonly cert: string
  readonly key: string
  /** Where they stand: `fullchain.pem` and `privkey.pem`. */
  readonly files: { readonly cert: string; readonly key: string }
}

/** For 127.0.0.1 and localhost, signed by itself, into the folder, in place of one that is there. Takes `openssl`. */
export function makeCertificate(folder: string): Certificate {
  const files = { cert: join(folder, 'fullchain.pem'), key: join(folder, 'privkey.pem') }
  execFileSync(
    'openssl',
    [
      ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2'.split(' '),
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'],
      ...['-keyout', files.key, '-out', files.cert],
    ],
    { stdio: 'ignore' },
  )
  return { cert: readFileSync(files.cert, 'utf8'), key: readFileSync(files.key, 'utf8'), files }
}

/** Makes this process trust it, as NODE_EXTRA_CA_CERTS does. */
export function trust({ cert }: Certificate): void {
  setDefaultCACertificates([...getCACertificates(), cert])
}
