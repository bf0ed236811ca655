import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { escapeXml } from './escape-xml.ts'

/** The languages of the pages that the server makes itself. */
export type PageLanguage = 'en' | 'fr'

export interface PlainPage {
  language: PageLanguage
  title: string
  /** HTML below the title. */
  body: string
}

/** A page of one card, for people who have come by a link and may know nothing of the portal. */
export function renderPlainPage({ language, title, body }: PlainPage): string {
  const name = escapeXml(title)
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${name}</title>
<style>${style}</style>
</head>
<body>
<main>
${mark}
<h1>${name}</h1>
${body}
</main>
</body>
</html>
`
}

/**
 * Does whoever asks want to see a page? Browsers say so when an address is opened, and name XHTML, too. Programs
 * ask for anything; those in Java for `text/html` without having been told to (`HttpURLConnection`).
 */
export function wantsPage({ accept = '' }: IncomingHttpHeaders): boolean {
  return namesHtml.test(accept) && namesXhtml.test(accept)
}

const namesHtml = /(?:^|,)\s*text\/html\s*(?:[,;]|$)/i
const namesXhtml = /(?:^|,)\s*application\/xhtml\+xml\s*(?:[,;]|$)/i

/** The first that the reader names of the languages that there are; English for all others. */
export function pageLanguage(headers: IncomingHttpHeaders): PageLanguage {
  const wanted = (headers['accept-language'] ?? '').split(',').map((tag) => tag.trim().slice(0, 2))
  return wanted.find((tag) => tag === 'en' || tag === 'fr') === 'fr' ? 'fr' : 'en'
}

/** It is sent with all of them: the page runs no script and asks for nothing. */
export function plainPageHeaders(html: string): Record<string, string | number> {
  return {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': Buffer.byteLength(html),
    'Cache-Control': 'no-store',
    'Content-Security-Policy': policy,
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  }
}

const style = `:root{color-scheme:light dark;--line:light-dark(#dfe3ea,#2e3542);--quiet:light-dark(#566075,#a3acbd);--accent:light-dark(#2f5bd7,#8fabff);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;background:light-dark(#f6f7f9,#12151b);color:light-dark(#1b2230,#e8ebf1)}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-content:center;padding:1rem}
main{width:min(27rem,calc(100vw - 2rem));padding:2rem;border:1px solid var(--line);border-radius:16px;background:light-dark(#fff,#1a1e26)}
svg{display:block;width:3rem;height:3rem}
h1{margin:1rem 0 .35rem;font-size:1.5rem;line-height:1.25;overflow-wrap:anywhere}
p{margin:0 0 .75rem;overflow-wrap:anywhere}
p:last-child{margin:0}
.quiet{color:var(--quiet);font-size:.9rem}
form{margin:1.5rem 0 0}
a{color:var(--accent)}
button{font:inherit;font-weight:550;width:100%;min-height:3rem;padding:.5rem 1rem;border:0;border-radius:8px;cursor:pointer;background:var(--accent);color:light-dark(#fff,#10162a)}
button:hover{filter:brightness(1.08)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}`

const styleHash = createHash('sha256').update(style).digest('base64')
const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`

const mark =
  '<svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8" fill="#2f5bd7"/><path d="M9 12.5a2 2 0 0 1 2-2h10a2 2 0 0 1 2 2v1.6a2 2 0 0 0 0 3.8v1.6a2 2 0 0 1-2 2H11a2 2 0 0 1-2-2v-1.6a2 2 0 0 0 0-3.8z" fill="none" stroke="#fff" stroke-width="2" stroke-linejoin="round"/><path d="m13.4 16.2 1.9 1.9 3.4-3.8" fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></svg>'
