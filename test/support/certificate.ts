import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'

export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** For 127.0.0.1, signed by itself: `fullchain.pem` and `privkey.pem` in the folder. Takes `openssl`. */
export function makeCertificate(folder: string): Certificate {
  const [cert, key] = [join(folder, 'fullchain.pem'), join(folder, 'privkey.pem')]
  execFileSync(
    'openssl',
    [
      ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2'.split(' '),
      ...['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'],
      ...['-keyout', key, '-out', cert],
    ],
    { stdio: 'ignore' },
  )
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
}

/** Makes this process trust it, as NODE_EXTRA_CA_CERTS does. */
export function trust({ cert }: Certificate): void {
  setDefaultCACertificates([...getCACertificates(), cert])
}
