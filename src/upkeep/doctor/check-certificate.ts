import { X509Certificate } from 'node:crypto'
import { connect } from 'node:tls'
import type { Settings } from '../../config.ts'
import { counted } from '../../counted.ts'
import { readTlsFiles } from '../../http/tls-files.ts'
import { type Finding, findingsOf, sentenceOf } from './finding.ts'

const DAY_MS = 24 * 3600_000
/** Automatic renewals come 30 days before the end: what has less than this was not renewed. */
const WARN_DAYS = 21
const PATIENCE_MS = 5000

/** Until when is the certificate good: our own, or that of the proxy at the public URL? */
export async function checkCertificate(settings: Settings): Promise<Finding[]> {
  const { fail } = findingsOf('tls-certificate')
  const { tlsCert: cert, tlsKey: key, publicUrl } = settings
  if (cert === null && key === null) {
    return publicUrl?.startsWith('https:') ? [await checkPeer(new URL(publicUrl))] : []
  }
  if (cert === null || key === null) {
    return [
      fail(
        'Only one of its two files is named.',
        'Set CLAIMCHECK_TLS_CERT and CLAIMCHECK_TLS_KEY, or neither.',
      ),
    ]
  }
  try {
    const certificate = new X509Certificate(readTlsFiles({ cert, key }).cert)
    const host = publicUrl === null ? null : new URL(publicUrl).hostname
    const expiry = expiryOf(Date.parse(certificate.validTo))
    if (host === null || covers(certificate, host)) return [expiry]
    return [
      expiry,
      findingsOf('tls-names').fail(
        `The certificate is not for ${host}.`,
        'Get one for the host of CLAIMCHECK_PUBLIC_URL.',
      ),
    ]
  } catch (error) {
    return [fail(sentenceOf(error), 'Mend CLAIMCHECK_TLS_CERT and CLAIMCHECK_TLS_KEY.')]
  }
}

function expiryOf(until: number): Finding {
  const { ok, warn, fail } = findingsOf('tls-certificate')
  const days = Math.floor((until - Date.now()) / DAY_MS)
  const date = new Date(until).toISOString().slice(0, 10)
  if (until <= Date.now()) return fail(`It ended on ${date}.`, 'Renew it now.')
  if (days < WARN_DAYS) return warn(`It ends on ${date}, in ${counted(days, 'day')}.`, 'Renew it.')
  return ok(`It is good until ${date}.`)
}

function covers(certificate: X509Certificate, host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '')
  return certificate.checkHost(bare) !== undefined || certificate.checkIP(bare) !== undefined
}

async function checkPeer({ hostname, port }: URL): Promise<Finding> {
  const { warn } = findingsOf('tls-certificate')
  const host = hostname.replace(/^\[|\]$/g, '')
  try {
    const { trusted, until } = await askPeer(host, Number(port || 443))
    if (trusted) return expiryOf(until)
    return warn(
      `${hostname} shows a certificate that this machine does not trust.`,
      'Customers see a warning unless they know who signed it.',
    )
  } catch (error) {
    return warn(`${hostname} could not be asked (${sentenceOf(error)}).`, 'Ask from outside.')
  }
}

function askPeer(host: string, port: number): Promise<{ trusted: boolean; until: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ trusted: boolean; until: number }>()
  // Whether it is trusted is what is asked: nothing is sent over this connection.
  const socket = connect({ host, port, servername: host, rejectUnauthorized: false }, () => {
    resolve({
      trusted: socket.authorized,
      until: Date.parse(socket.getPeerCertificate().valid_to),
    })
    socket.destroy()
  })
  socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('no answer')))
  socket.on('error', reject)
  return promise
}
