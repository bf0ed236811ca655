import type { Settings } from '../../config.ts'
import { type Finding, findingsOf, sentenceOf } from './finding.ts'
import { isLoopback } from './is-loopback.ts'

const PATIENCE_MS = 5000

/** Do customers reach this installation under its public URL, and is it them who seem to come? */
export async function checkAddress(settings: Settings): Promise<Finding[]> {
  return [await checkPublicUrl(settings), checkProxies(settings)]
}

async function checkPublicUrl({ publicUrl, host }: Settings): Promise<Finding> {
  const { ok, warn } = findingsOf('public-url')
  if (publicUrl === null) {
    if (isLoopback(host)) return ok('Not set; this server is for this machine alone.')
    return warn(
      'Not set: links begin with whatever host a request names.',
      'Set CLAIMCHECK_PUBLIC_URL to where customers reach the server.',
    )
  }
  const seen = await askHealth(publicUrl)
  if (seen !== null) {
    return warn(
      `${publicUrl} does not lead here: ${seen}.`,
      'Start the server; check its name, the proxy and the firewall.',
    )
  }
  const { protocol, hostname } = new URL(publicUrl)
  if (protocol === 'https:' || isLoopback(hostname)) return ok(`${publicUrl} leads to a server.`)
  return warn(
    `${publicUrl} is plain HTTP: passwords and files can be read on the way.`,
    'Put TLS in front, or set CLAIMCHECK_TLS_CERT and CLAIMCHECK_TLS_KEY.',
  )
}

/** Returns what is wrong, or null. */
async function askHealth(publicUrl: string): Promise<string | null> {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const answer = await fetch(`${publicUrl}/healthz`, { signal, redirect: 'manual' })
    const body = await answer.text()
    return answer.status === 200 && body.includes('"ok"')
      ? null
      : `its /healthz answers ${answer.status}`
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
    return sentenceOf(cause) || 'it does not answer'
  }
}

function checkProxies({ trustedProxies: trusted, publicUrl, tlsCert }: Settings): Finding {
  const { ok, warn, fail } = findingsOf('trusted-proxies')
  const all = trusted.find((network) => /\/0$/.test(network))
  if (all !== undefined) {
    return fail(
      `${all} is everybody: each caller may say which address it comes from.`,
      'Name the proxies alone in CLAIMCHECK_TRUSTED_PROXIES.',
    )
  }
  if (trusted.length > 0) return ok(`${trusted.join(', ')} may say who calls.`)
  if (publicUrl === null || tlsCert !== null) return ok('None, and none seems to be in front.')
  return warn(
    'None, though a public URL is set: behind a proxy all seem to come from its address.',
    'Name the proxy in CLAIMCHECK_TRUSTED_PROXIES.',
  )
}
