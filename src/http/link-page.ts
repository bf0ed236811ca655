import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { escapeXml } from './escape-xml.ts'

/**
 * Answers with a page that names a file and has a button for it. Programs that look into links (mail
 * scanners, chat previews) take no file by it, because they press no buttons.
 * @param size in bytes
 */
export function sendLinkPage(
  response: ServerResponse,
  { fileName, size }: { fileName: string; size: number },
): void {
  const name = escapeXml(fileName)
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>${name}</title>
<style>${style}</style>
<main>
<h1>${name}</h1>
<p>${readable(size)}</p>
<form method="post"><button autofocus>Download</button></form>
</main>
</html>
`
  response.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': Buffer.byteLength(page),
    'Cache-Control': 'no-store',
    'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  })
  // On HEAD, Node drops the body by itself.
  response.end(page)
}

const style = `:root{color-scheme:light dark;font:1.125rem/1.5 system-ui,sans-serif}
main{max-width:34rem;margin:15vh auto;padding:0 1rem}
h1{font-size:1.5rem;overflow-wrap:anywhere}
button{font:inherit;padding:.6rem 1.4rem;cursor:pointer}`

const styleHash = createHash('sha256').update(style).digest('base64')

const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB']

function readable(size: number): string {
  if (size === 1) return '1 byte'
  let value = size
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`
}
