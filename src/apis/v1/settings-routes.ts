import { type Static, Type } from 'typebox'
import { demandOperator } from '../../core/accounts/actor.ts'
import { principalOf } from '../../http/authenticate.ts'
import { answers, type V1App } from './routing.ts'
import { closed, listOf, nullable } from './schema-words.ts'

export const Setting = Type.Object(
  {
    name: Type.String({ examples: ['CLAIMCHECK_PORT'] }),
    description: Type.String(),
    value: nullable('string', { description: 'In force on this node; secrets are hidden.' }),
  },
  { $id: 'Setting', ...closed },
)

/** Tells the settings that are in force on this node. */
export type ReportSettings = () => readonly Static<typeof Setting>[]

/** The settings, for the operators of the installation. */
export function settingsRoutes(app: V1App, report: ReportSettings): void {
  app.get(
    '/settings',
    {
      schema: {
        tags: ['Administration'],
        operationId: 'listSettings',
        summary: 'The settings in force on this node; for operators',
        response: answers({ 200: listOf(Setting) }),
      },
    },
    async (request) => {
      demandOperator(principalOf(request))
      return {
        items: report().map(({ name, description, value }) => ({ name, description, value })),
      }
    },
  )
}
