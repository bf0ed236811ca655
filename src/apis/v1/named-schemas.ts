import { Account, Credential, IssuedCredential, Me, Organization } from './account-schemas.ts'
import { Archive } from './archive-schemas.ts'
import {
  Delivery,
  DownloadType,
  Event,
  FileDetail,
  FileEntry,
  IssuedLink,
  Link,
  Pickup,
} from './delivery-schemas.ts'
import { Problem } from './schema-words.ts'
import { PublishedFile, StudyDelivery } from './study-schemas.ts'
import { HeartbeatAnswer, Job, Work, WorkFile } from './work-schemas.ts'

/** The schemas that have a name in the document. */
export const namedSchemas = [
  Account,
  Me,
  DownloadType,
  Delivery,
  FileEntry,
  FileDetail,
  Link,
  IssuedLink,
  Archive,
  Pickup,
  Job,
  Work,
  HeartbeatAnswer,
  WorkFile,
  PublishedFile,
  StudyDelivery,
  Event,
  Credential,
  IssuedCredential,
  Organization,
  Problem,
] as const
