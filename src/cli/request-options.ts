import { ClientError } from '../client/client-error.ts'
import type { DeliveryRequest } from '../client/request-delivery.ts'
import { type Option, UsageError } from './command.ts'

/** What to ask for. */
export const requestOptions = {
  type: {
    type: 'string',
    value: 'TYPE',
    description: 'The type of download to ask for.',
  },
  info: { type: 'string', value: 'JSON', description: 'Its parameters.' },
  query: {
    type: 'string',
    value: 'LUCENE',
    multiple: true,
    description: 'What to order at an orders API.',
  },
  pattern: {
    type: 'string',
    value: 'REGEXP',
    description: 'Which file names to order at an orders API.',
  },
} as const satisfies Record<string, Option>

export interface RequestValues {
  readonly type?: string
  readonly info?: string
  readonly query?: readonly string[]
  readonly pattern?: string
}

/**
 * null when nothing is asked for.
 * @throws UsageError for the particulars of nothing
 */
export function requestOf(values: RequestValues): DeliveryRequest | null {
  const { type, info, query, pattern } = values
  if (type === undefined && query === undefined) {
    if (info === undefined && pattern === undefined) return null
    throw new UsageError(info === undefined ? '--pattern needs --query.' : '--info needs --type.')
  }
  return {
    ...(type === undefined ? {} : { type }),
    ...(info === undefined ? {} : { info: parseInfo(info) }),
    ...(query === undefined ? {} : { queries: query }),
    ...(pattern === undefined ? {} : { fileNamePattern: pattern }),
  }
}

function parseInfo(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ClientError('bad_input', '--info is no JSON.', { cause })
  }
}
