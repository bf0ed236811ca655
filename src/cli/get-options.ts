import type { Option } from './command.ts'

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
