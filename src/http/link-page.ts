import type { IncomingMessage, ServerResponse } from 'node:http'
import { type PageLanguage, pageLanguage, plainPageHeaders, renderPlainPage } from './plain-page.ts'

/**
 * Answers with a page that names a file and has a button for it. Programs that look into links (mail
 * scanners, chat previews) take no file by it, because they press no buttons.
 * @param size in bytes
 */
export function sendLinkPage(
  { headers }: IncomingMessage,
  response: ServerResponse,
  { fileName, size }: { fileName: string; size: number },
): void {
  const language = pageLanguage(headers)
  const html = renderPlainPage({
    language,
    title: fileName,
    body: `<p class="quiet">${readable(size, language)}</p>
<form method="post"><button autofocus>${language === 'fr' ? 'Télécharger' : 'Download'}</button></form>`,
  })
  response.writeHead(200, { ...plainPageHeaders(html), Vary: 'Accept-Language' })
  // On HEAD, Node drops the body by itself.
  response.end(html)
}

const units = {
  en: ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'],
  fr: ['octets', 'ko', 'Mo', 'Go', 'To', 'Po'],
} as const

function readable(size: number, language: PageLanguage): string {
  if (size < 2)
    return `${size} ${units[language][0].slice(0, size === 1 || language === 'fr' ? -1 : undefined)}`
  let value = size
  let unit = 0
  while (value >= 1000 && unit < units[language].length - 1) {
    value /= 1000
    unit += 1
  }
  const number = unit === 0 ? String(value) : value.toPrecision(3)
  return `${language === 'fr' ? number.replace('.', ',') : number} ${units[language][unit]}`
}
