import swagger from '@fastify/swagger'
import type { FastifyInstance, FastifySchema } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the OpenAPI document says of a route that reads and writes its bodies itself. */
    documented?: FastifySchema
  }
}

const description = `Files, and downloads that are made on request: ask, wait, pick up. Errors are
\`application/problem+json\` (RFC 9457) with a stable \`code\`. Times are RFC 3339 in UTC.
What belongs to somebody else is not found.`

/**
 * Gathers the schemas of all routes that are mounted after it into one OpenAPI 3.1 document, which
 * `app.swagger()` gives once the app is ready. Routes without a schema are not in it.
 */
export async function gatherOpenApi(
  app: FastifyInstance,
  { version, publicUrl }: { version: string; publicUrl: string | null },
): Promise<void> {
  const idAt = distinguishIds()
  await app.register(swagger, {
    hideUntagged: true,
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Claimcheck',
        version,
        description,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: publicUrl ?? '/' }],
      tags: [
        { name: 'Me', description: 'Who you are, and what you may ask for.' },
        { name: 'Deliveries', description: 'Ask for a download, wait for it, look inside.' },
        { name: 'Files and links', description: 'Files, and signed URLs that open them.' },
        { name: 'Archives', description: 'Many files as one.' },
        { name: 'Orders', description: 'Many files, prepared in sub-orders.' },
        { name: 'Imports', description: 'Roster files, and how their rows came out.' },
        { name: 'Port orders', description: 'Port orders and their documents.' },
        { name: 'Jobs', description: 'The work behind deliveries.' },
        { name: 'Events', description: 'What happens, as it happens.' },
        { name: 'Studies', description: 'Files that an organization publishes by path.' },
        { name: 'Uploads', description: 'Files that come in by several requests (tus 1.0).' },
        { name: 'Outside workers', description: 'Programs of yours that produce downloads.' },
        { name: 'Administration', description: 'Accounts, credentials, organizations.' },
        { name: 'Downloads', description: 'The Bridge Downloads API.' },
        { name: 'Sign-in', description: 'OAuth 2 access tokens.' },
      ],
      security: [{ bearer: [] }, { basic: [] }],
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description: 'An API token, or an access token of the OAuth 2 token endpoint.',
          },
          basic: {
            type: 'http',
            scheme: 'basic',
            description: 'User name and password, or access key and secret key.',
          },
        },
      },
    },
    transform: ({ schema, url, route }) => {
      const path = url.length > 1 ? url.replace(/\/$/, '') : url
      const documented = route.config?.documented ?? schema ?? {}
      return { schema: { ...documented, ...idAt(documented, path) }, url: path }
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) =>
        typeof json.$id === 'string' ? json.$id : `schema-${index}`,
    },
  })
}

/** Ids are unique in a document, and some routes stand at several addresses: these say where, all but the first. */
function distinguishIds() {
  const firstAt = new Map<string, string>()
  return ({ operationId }: FastifySchema, path: string): { operationId?: string } => {
    if (operationId === undefined) return {}
    const first = firstAt.get(operationId) ?? path
    firstAt.set(operationId, first)
    return { operationId: first === path ? operationId : operationId + path.replace(/\W+/g, '_') }
  }
}
