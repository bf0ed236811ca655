import type { FastifyReply, FastifyRequest } from 'fastify'
import { pageLanguage, plainPageHeaders, renderPlainPage } from './plain-page.ts'

/** Answers a person who has come to an address where nothing is, and shows the way to the portal. */
export function sendNotFoundPage({ headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const language = pageLanguage(headers)
  const { title, told, way } = texts[language]
  const html = renderPlainPage({
    language,
    title,
    body: `<p>${told}</p>\n<p><a href="/">${way}</a></p>`,
  })
  return reply.code(404).headers(plainPageHeaders(html)).send(html)
}

const texts = {
  en: {
    title: 'There is nothing at this address',
    told: 'It may be mistyped, or what was here is gone.',
    way: 'To the portal',
  },
  fr: {
    title: 'Il n’y a rien à cette adresse',
    told: 'Elle est peut-être erronée, ou ce qui s’y trouvait n’existe plus.',
    way: 'Vers le portail',
  },
} as const
