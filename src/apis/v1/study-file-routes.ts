import { type Static, Type } from 'typebox'
import { DeliveryError } from '../../core/errors.ts'
import { type FoundFileOfStudy, searchStudyFiles } from '../../core/studies/study-search.ts'
import { principalOf } from '../../http/authenticate.ts'
import { limitOf, pageMembers } from './pages.ts'
import { answers, query, type V1App, type V1Context } from './routing.ts'
import { pageOf } from './schema-words.ts'
import { StudyFile } from './study-file-schemas.ts'

/** Published files over all studies, with a search. */
export function studyFileRoutes(app: V1App, { core }: V1Context): void {
  app.get(
    '/study-files',
    {
      schema: {
        tags: ['Studies'],
        operationId: 'searchStudyFiles',
        summary: 'The published files that you may see, newest first',
        description:
          'With `search`, those whose name has all of its words. A page may be short and yet have a `next`: the search goes on there.',
        querystring: query({
          ...pageMembers,
          study: Type.Optional(Type.String({ maxLength: 500 })),
          delivery: Type.Optional(Type.String({ maxLength: 500 })),
          search: Type.Optional(Type.String({ maxLength: 200 })),
        }),
        response: answers({ 200: pageOf(StudyFile) }),
      },
    },
    async (request) => {
      const { cursor, search: text, study, delivery } = request.query
      const { files, next } = await searchStudyFiles(core, principalOf(request), {
        ...(study === undefined ? {} : { study }),
        ...(delivery === undefined ? {} : { delivery }),
        ...(text === undefined ? {} : { text }),
        after: cursor === undefined ? null : readCursor(cursor),
        limit: limitOf(request.query),
      })
      const place = next === null ? null : `${next.modifiedAt}.${next.number}`
      return {
        items: files.map(toStudyFile),
        next: place === null ? null : Buffer.from(place).toString('base64url'),
      }
    },
  )
}

function readCursor(cursor: string) {
  const text = Buffer.from(cursor, 'base64url').toString('latin1')
  const match = /^(\d{1,16})\.(\d{1,15})$/.exec(text)
  if (match !== null) return { modifiedAt: Number(match[1]), number: Number(match[2]) }
  throw new DeliveryError('invalid', 'The cursor is not one of ours; begin without one.', {
    details: { errors: [{ path: '/cursor', problem: 'is not one of ours' }] },
  })
}

function toStudyFile({ modifiedAt, ...same }: FoundFileOfStudy): Static<typeof StudyFile> {
  return { ...same, modifiedAt: new Date(modifiedAt / 1000).toISOString() }
}
