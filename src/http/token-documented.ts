const refused = {
  type: 'object',
  required: ['error'],
  properties: {
    error: { type: 'string', examples: ['invalid_client'] },
    error_description: { type: 'string' },
  },
}

function refusal(description: string) {
  return { description, content: { 'application/json': { schema: refused } } }
}

const form = {
  type: 'object',
  required: ['grant_type'],
  properties: {
    grant_type: { type: 'string', enum: ['client_credentials'] },
    client_id: { type: 'string', description: 'Or by Basic.' },
    client_secret: { type: 'string' },
    scope: { type: 'string', description: 'All that the client may have when left out.' },
  },
}

/** What the OpenAPI document says of the token endpoint. */
export const tokenDocumented = {
  tags: ['Sign-in'],
  operationId: 'issueToken',
  summary: 'An access token for a client (RFC 6749 §4.4)',
  security: [],
  body: {
    content: {
      'application/x-www-form-urlencoded': { schema: form },
      'multipart/form-data': { schema: form },
    },
  },
  response: {
    200: {
      description: 'The token.',
      content: {
        'application/json': {
          schema: {
            type: 'object',
            required: ['access_token', 'token_type', 'expires_in'],
            properties: {
              access_token: { type: 'string' },
              token_type: { type: 'string', enum: ['Bearer'] },
              expires_in: { type: 'integer' },
              scope: { type: 'string' },
            },
          },
        },
      },
    },
    400: refusal('The request is not valid.'),
    401: refusal('The client is unknown, or its secret is wrong.'),
    500: refusal('Something went wrong on our side.'),
    503: refusal('Try again in a moment.'),
  },
}
