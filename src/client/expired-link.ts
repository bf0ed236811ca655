/**
 * Does a refusal say that a signed URL is over its time? S3 answers 403 with XML, the port orders
 * document prints 401, an expired session token is a 400; Ceph's AccessDenied says nothing more.
 */
export function saysExpired(status: number, body: string): boolean {
  if (![400, 401, 403].includes(status) || !body.includes('<Code>')) return false
  const code = /<Code>\s*([^<\s]*)\s*<\/Code>/.exec(body)?.[1] ?? ''
  if (/^(ExpiredRequest|RequestExpired|ExpiredToken)$/.test(code)) return true
  if (code !== 'AccessDenied') return false
  const message = /<Message>([^<]*)<\/Message>/.exec(body)?.[1]?.trim() ?? ''
  return message === '' || /expired/i.test(message)
}
