import type { IncomingMessage, ServerResponse } from 'node:http'
import { escapeXml } from './escape-xml.ts'
import { type PageLanguage, pageLanguage, plainPageHeaders, renderPlainPage } from './plain-page.ts'
import type { S3Error } from './s3-error.ts'

/** Tells a person, in a browser, why a link does not open and what to do; programs get the document of S3. */
export function sendRefusalPage(
  { headers }: IncomingMessage,
  response: ServerResponse,
  refusal: { status: number; error: S3Error; fields: Record<string, string | number> },
): void {
  const language = pageLanguage(headers)
  const { title, told } = words(refusal.error, language)
  const html = renderPlainPage({
    language,
    title,
    body: `<p>${escapeXml(told)}</p>\n<p class="quiet">${refusal.status} ${refusal.error.code}</p>`,
  })
  response.writeHead(refusal.status, { ...refusal.fields, ...plainPageHeaders(html) })
  response.end(html)
}

interface Words {
  title: string
  told: string
}

function words(error: S3Error, language: PageLanguage): Words {
  const { expired, broken, gone, busy, refused } = texts[language]
  if ('expiresAt' in error) {
    const end = new Intl.DateTimeFormat(language, {
      dateStyle: 'long',
      timeStyle: 'short',
      timeZone: 'UTC',
    })
    return { ...expired, told: expired.told.replace('{when}', end.format(error.expiresAt)) }
  }
  if (error.code === 'SignatureDoesNotMatch') return broken
  if (error.code === 'NoSuchKey') return gone
  if (error.code === 'ServiceUnavailable') return busy
  return 'message' in error ? { ...refused, told: translate(error.message, language) } : refused
}

const texts = {
  en: {
    expired: {
      title: 'This link has expired',
      told: 'It was good until {when} UTC. Ask for a new one where you got it.',
    },
    broken: {
      title: 'This link is not whole',
      told: 'Some of it was lost or changed on its way. Copy the whole link, or ask for a new one where you got it.',
    },
    gone: {
      title: 'The file is not here any more',
      told: 'Its time is over, or it was withdrawn. Ask for it again where you got the link.',
    },
    busy: { title: 'The server is busy', told: 'Nothing is lost: reload this page in a moment.' },
    refused: { title: 'This link does not open', told: 'Ask for a new one where you got it.' },
  },
  fr: {
    expired: {
      title: 'Ce lien a expiré',
      told: 'Il était valable jusqu’au {when} UTC. Demandez-en un nouveau à qui vous l’a donné.',
    },
    broken: {
      title: 'Ce lien n’est pas entier',
      told: 'Une partie a été perdue ou modifiée en chemin. Copiez le lien entier, ou demandez-en un nouveau à qui vous l’a donné.',
    },
    gone: {
      title: 'Le fichier n’est plus ici',
      told: 'Son délai est passé, ou il a été retiré. Redemandez-le à qui vous a donné le lien.',
    },
    busy: {
      title: 'Le serveur est occupé',
      told: 'Rien n’est perdu : rechargez cette page dans un instant.',
    },
    refused: {
      title: 'Ce lien ne s’ouvre pas',
      told: 'Demandez-en un nouveau à qui vous l’a donné.',
    },
  },
} as const satisfies Record<PageLanguage, Record<string, Words>>

/** In French only that it does not open, where the reason is one that is not said in French. */
function translate(message: string, language: PageLanguage): string {
  if (language === 'en') return message
  const known = Object.entries(french).find(([begin]) => message.startsWith(begin))
  return known?.[1] ?? texts.fr.refused.told
}

const french: Record<string, string> = {
  'Something went wrong on our side': 'Une erreur s’est produite de notre côté.',
  'This URL was revoked': 'Il a été révoqué. Demandez-en un nouveau à qui vous l’a donné.',
  'Whoever was given this URL may not have':
    'Le compte à qui il a été donné n’a pas droit à ce fichier en ce moment.',
  'This URL does not open from your address': 'Il ne s’ouvre pas depuis votre adresse réseau.',
  'This link was for':
    'Tous les téléchargements auxquels il donnait droit ont été faits. Demandez-en un nouveau à qui vous l’a donné.',
  'This link is for':
    'D’autres l’utilisent en ce moment. S’ils s’interrompent, il s’ouvre de nouveau dix minutes plus tard.',
}
