/**
 * What the OpenAPI document says of this API. It is kept apart from the routes, which read bodies as
 * its live client sends them: as JSON or as a form, with members that the document does not name.
 */

const error = {
  type: 'object',
  required: ['errors'],
  properties: {
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['code', 'message'],
        properties: {
          code: { type: 'string' },
          message: { type: 'string' },
          field: { type: 'string' },
        },
      },
    },
  },
}

const download = {
  type: 'object',
  required: ['download'],
  properties: {
    download: {
      type: 'object',
      required: ['id', 'download_type', 'user_id', 'state', 'url'],
      properties: {
        id: { type: 'string' },
        download_type: { type: 'string', examples: ['communes'] },
        user_id: { type: 'string' },
        state: { type: 'string', examples: ['done'] },
        url: {
          type: ['string', 'null'],
          description: 'Relative; null in any state but `done`.',
        },
      },
    },
  },
}

const request = {
  type: 'object',
  required: ['download'],
  properties: {
    download: {
      type: 'object',
      required: ['download_type'],
      properties: { download_type: { type: 'string' }, info: { type: 'object' } },
    },
  },
}

function refusals(statuses: Record<number, string>) {
  const all: Record<number, string> = {
    401: 'Nobody is signed in.',
    500: 'Something went wrong on our side.',
    503: 'Try again in a moment.',
    ...statuses,
  }
  return Object.fromEntries(
    Object.entries(all).map(([status, description]) => [
      status,
      { description, content: { 'application/json': { schema: error } } },
    ]),
  )
}

function good(description: string) {
  return { description, content: { 'application/json': { schema: download } } }
}

const tags = ['Downloads']
const byId = { type: 'object', required: ['id'], properties: { id: { type: 'string' } } }

/** What `/openapi.json` says of creating a download. */
export const createDocumented = {
  tags,
  operationId: 'createDownload',
  summary: 'Create a download',
  body: {
    content: {
      'application/json': { schema: request },
      'application/x-www-form-urlencoded': { schema: request },
    },
  },
  response: {
    201: good('It was created.'),
    ...refusals({
      400: 'The body is not JSON.',
      403: 'The account may not ask for this type.',
      409: 'The first request with this Idempotency-Key is still running.',
      413: 'The body is too large.',
      415: 'The body is neither JSON nor a form.',
      422: 'The request is not valid, or the type is unknown.',
    }),
  },
}

/** What it says of polling one. */
export const getDocumented = {
  tags,
  operationId: 'getDownload',
  summary: 'The state of a download',
  params: byId,
  response: {
    200: good('As it is now.'),
    ...refusals({ 403: 'Somebody else created it.', 404: 'It does not exist.' }),
  },
}

/** What it says of getting a download's file. */
export const fileDocumented = {
  tags,
  operationId: 'getDownloadFile',
  summary: 'The file of a download, by a redirect to a signed URL',
  params: byId,
  response: {
    302: { type: 'null', description: 'To the bytes, in `Location`.' },
    ...refusals({
      403: 'Somebody else created it.',
      404: 'It does not exist, or is not finished.',
    }),
  },
}
