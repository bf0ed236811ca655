import { Account, Credential, IssuedCredential, Me, Organization } from './account-schemas.ts'
import { Archive } from './archive-schemas.ts'
import { Delivery, DownloadType, Event, FileEntry, Pickup } from './delivery-schemas.ts'
import { Import } from './import-schemas.ts'
import { IssuedLink, Link, LinkDetail } from './link-schemas.ts'
import { IssuedManifest, Manifest } from './manifest-schemas.ts'
import { Order, SubOrder } from './order-schemas.ts'
import { AnnouncedDocument, PortOrder, PortOrderDocument } from './port-order-schemas.ts'
import { NewProduct, Product } from './product-schemas.ts'
import { Problem } from './schema-words.ts'
import { Setting } from './settings-routes.ts'
import { StudyFile } from './study-file-schemas.ts'
import { PublishedFile, StudyDelivery } from './study-schemas.ts'
import { Upload } from './upload-schemas.ts'
import { HeartbeatAnswer, Job, Work, WorkFile } from './work-schemas.ts'

/** The schemas that have a name in the document. */
export const namedSchemas = [
  Account,
  Me,
  DownloadType,
  Delivery,
  FileEntry,
  Link,
  LinkDetail,
  IssuedLink,
  Manifest,
  IssuedManifest,
  Archive,
  Pickup,
  Job,
  Work,
  HeartbeatAnswer,
  WorkFile,
  PublishedFile,
  StudyDelivery,
  Upload,
  Event,
  Credential,
  IssuedCredential,
  Organization,
  Order,
  SubOrder,
  NewProduct,
  Product,
  StudyFile,
  Import,
  PortOrderDocument,
  PortOrder,
  AnnouncedDocument,
  Setting,
  Problem,
] as const
