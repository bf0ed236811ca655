import { optional, setting } from './setting.ts'
import { integer, oneOf, plainText, secretText } from './setting-kinds.ts'

/** The settings of a bucket, beside its URL. */
export const s3Settings = {
  s3AccessKeyId: optional(
    'S3_ACCESS_KEY_ID',
    plainText,
    'The access key for the bucket; AWS_ACCESS_KEY_ID is read when this is not set.',
    'AWS_ACCESS_KEY_ID',
  ),
  s3SecretAccessKey: optional(
    'S3_SECRET_ACCESS_KEY',
    secretText,
    'The secret of the access key; AWS_SECRET_ACCESS_KEY is read when this is not set.',
    'AWS_SECRET_ACCESS_KEY',
  ),
  s3SessionToken: optional(
    'S3_SESSION_TOKEN',
    secretText,
    'The session token of temporary credentials; AWS_SESSION_TOKEN is read when this is not set.',
    'AWS_SESSION_TOKEN',
  ),
  s3Encryption: setting(
    'S3_ENCRYPTION',
    oneOf('none', 'AES256', 'aws:kms'),
    'none',
    'How the store encrypts what comes in, beside what Claimcheck encrypts by itself; none leaves it to the bucket.',
  ),
  s3KmsKey: optional(
    'S3_KMS_KEY',
    plainText,
    "The key for aws:kms; the account's own when not set.",
  ),
  s3PartBytes: setting(
    'S3_PART_BYTES',
    integer('bytes', 5_242_880, 1_073_741_824),
    '16777216',
    'Larger files go to the bucket in parts of this size, at most 10,000 of one file; three of them are in memory for each file that comes in.',
  ),
  s3Connections: setting(
    'S3_CONNECTIONS',
    integer('a number', 1, 10_000),
    '256',
    'The most connections of this node to the bucket; each download that is under way takes one.',
  ),
  s3RestoreTier: setting(
    'S3_RESTORE_TIER',
    oneOf('Expedited', 'Standard', 'Bulk'),
    'Standard',
    'How fast ordered files are restored from a cold storage class.',
  ),
  storageRedirectSeconds: setting(
    'STORAGE_REDIRECT_SECONDS',
    integer('seconds', 0, 60),
    '0',
    'With a bucket: signed URLs lead on to URLs of the store that live so long, past Claimcheck, where that is possible; a revocation takes as long. 0 for never.',
  ),
} as const
