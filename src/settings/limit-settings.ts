import { setting } from './setting.ts'
import { integer } from './setting-kinds.ts'

const TIB = '1099511627776'

/** How much may come in, and how much one account may have at once. */
export const limitSettings = {
  maxDocumentBytes: setting(
    'MAX_DOCUMENT_BYTES',
    integer('bytes', 1, 5_368_709_120),
    '104857600',
    'The longest document of a port order, uploaded or pulled.',
  ),
  pullMaxBytes: setting(
    'PULL_MAX_BYTES',
    integer('bytes', 1, 999_999_999_999_999),
    TIB,
    'The longest file that is pulled from a URL into a study.',
  ),
  accountUploads: setting(
    'ACCOUNT_UPLOADS',
    integer('a number', 1, 1_000_000),
    '1000',
    'How many unfinished uploads an account may have at once: those that resume, links to put a file in, and pulls.',
  ),
  accountUploadBytes: setting(
    'ACCOUNT_UPLOAD_BYTES',
    integer('bytes', 1, 999_999_999_999_999),
    TIB,
    'How many bytes the unfinished uploads of an account may be announced with together.',
  ),
  accountLinks: setting(
    'ACCOUNT_LINKS',
    integer('a number', 1, 10_000_000),
    '100000',
    'How many links of an account may be open at once; redirects to a signed URL do not count.',
  ),
  accountManifests: setting(
    'ACCOUNT_MANIFESTS',
    integer('a number', 1, 1_000_000),
    '1000',
    'How many manifests of an account may be open at once.',
  ),
} as const
