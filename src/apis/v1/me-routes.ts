import { listDownloadTypes } from '../../core/downloads.ts'
import { principalOf } from '../../http/authenticate.ts'
import { Me } from './account-schemas.ts'
import { DownloadType } from './delivery-schemas.ts'
import { answers, type V1App, type V1Context } from './routing.ts'
import { listOf, ref } from './schema-words.ts'
import { toDownloadType, toMe } from './wire.ts'

/** Who asks, and what they may ask for. */
export function meRoutes(app: V1App, { core }: V1Context): void {
  app.get(
    '/me',
    {
      schema: {
        tags: ['Me'],
        operationId: 'getMe',
        summary: 'Who am I?',
        response: answers({ 200: ref(Me) }),
      },
    },
    async (request) => toMe(principalOf(request)),
  )

  app.get(
    '/download-types',
    {
      schema: {
        tags: ['Me'],
        operationId: 'listDownloadTypes',
        summary: 'The download types that you may ask for',
        response: answers({ 200: listOf(DownloadType) }),
      },
    },
    async (request) => ({
      items: listDownloadTypes(core, principalOf(request)).map(toDownloadType),
    }),
  )
}
