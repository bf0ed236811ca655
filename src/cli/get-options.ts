import type { GetOptions } from '../client/files/get-options.ts'
import { type Option, UsageError, type Values } from './command.ts'
import { parseBytes } from './format-bytes.ts'

/** What is particular to `get`. */
export const getOptions = {
  to: { type: 'string', value: 'FOLDER', description: 'Where the files go; here when left out.' },
  'all-ready': {
    type: 'boolean',
    description: 'Fetch what is ready now and end well, though it is not over.',
  },
  include: {
    type: 'string',
    value: 'PATTERN',
    multiple: true,
    description: 'Only such names or paths: "*.csv", "2026/**".',
  },
  exclude: {
    type: 'string',
    value: 'PATTERN',
    multiple: true,
    description: 'No such names or paths.',
  },
  flat: { type: 'boolean', description: 'All files in one folder.' },
  tree: { type: 'boolean', description: "In the server's own folders; the default for listings." },
  jobs: { type: 'string', value: 'N', description: 'So many files at a time; 8 when left out.' },
  connections: {
    type: 'string',
    value: 'N',
    description:
      'So many connections for one large file; when left out, 4, unless one is fast enough.',
  },
  'limit-rate': {
    type: 'string',
    value: 'RATE',
    description: 'At most so many bytes a second in all: 500k, 2M.',
  },
  'dry-run': { type: 'boolean', description: 'Only say what would be fetched.' },
  archive: { type: 'boolean', description: 'Everything as the one archive that the server makes.' },
  manifest: {
    type: 'string',
    value: 'FILE',
    description: 'Write a list of the files with their digests.',
  },
} as const satisfies Record<string, Option>

export type GetOptionValues = Values<typeof getOptions>

/**
 * What the options say to the SDK.
 * @throws UsageError
 */
export function readGetOptions(values: GetOptionValues): GetOptions {
  const { 'limit-rate': limit, flat, tree } = values
  if (flat === true && tree === true)
    throw new UsageError('--flat and --tree contradict each other.')
  if (values['dry-run'] === true && values.manifest !== undefined)
    throw new UsageError('--dry-run fetches nothing: there are no digests for a --manifest.')
  const rateLimit = limit === undefined ? undefined : parseBytes(limit)
  if (rateLimit === null)
    throw new UsageError('--limit-rate is a number of bytes a second: 500k, 2M.')
  const [jobs, connections] = [count(values.jobs, 'jobs'), count(values.connections, 'connections')]
  const layout = flat === true ? 'flat' : tree === true ? 'tree' : undefined
  return {
    folder: values.to ?? '.',
    allReady: values['all-ready'] ?? false,
    dryRun: values['dry-run'] ?? false,
    archive: values.archive ?? false,
    include: values.include ?? [],
    exclude: values.exclude ?? [],
    ...(layout === undefined ? {} : { layout }),
    ...(jobs === undefined ? {} : { jobs }),
    ...(connections === undefined ? {} : { connections, enoughRate: Number.POSITIVE_INFINITY }),
    ...(rateLimit === undefined ? {} : { rateLimit }),
  }
}

function count(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (Number.isInteger(number) && number >= 1 && number <= 64) return number
  throw new UsageError(`--${name} is a number from 1 to 64.`)
}
