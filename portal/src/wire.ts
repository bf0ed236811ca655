/** The bodies of `/v1`, as far as the portal shows them. */

export type DeliveryState =
  | 'pending'
  | 'running'
  | 'paused'
  | 'done'
  | 'incomplete'
  | 'failed'
  | 'canceled'
  | 'expired'

export type DeliveryKind = 'download' | 'order' | 'study' | 'import' | 'port-order'

export interface Me {
  id: string
  organizationId: string
  username: string
  permissions: string[]
}

export interface Delivery {
  id: string
  number: number
  kind: DeliveryKind
  type: string | null
  info: unknown
  state: DeliveryState
  progress: number
  message: string | null
  ownerId: string
  createdAt: string
  finishedAt: string | null
  expiresAt: string | null
}

export interface DownloadType {
  name: string
  title: string
  description: string
  permission: string
  retentionSeconds: number
  producedBy: 'server' | 'worker'
  infoSchema: JsonSchema | null
}

export interface JsonSchema {
  type?: string | string[]
  title?: string
  description?: string
  properties?: Record<string, JsonSchema>
  required?: string[]
  enum?: unknown[]
  default?: unknown
  examples?: unknown[]
  format?: string
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  items?: JsonSchema
}

export interface FileEntry {
  number: number
  deliveryId: string
  batch: number
  name: string
  mediaType: string
  state: 'pending' | 'available' | 'delivered' | 'failed' | 'expired'
  size: number | null
  message: string | null
}

export interface Order {
  number: number
  deliveryId: string
  label: string
  state: DeliveryState
  files: number
  bytes: number
  treatedBytes: number
  available: number
  delivered: number
  failed: number
  isWaitingForUser: boolean
  actions: OrderAction[]
  createdAt: string
  expiresAt: string | null
}

export type OrderAction = 'pause' | 'resume' | 'restart' | 'retry' | 'delete' | 'remove'

export interface SubOrder {
  position: number
  state: 'filling' | 'waiting' | 'preparing' | 'ready' | 'over'
  files: number
  bytes: number
  pending: number
  available: number
}

export interface StudyDelivery {
  organization: string
  study: string
  studyName: string
  delivery: string
  deliveryName: string
  deliveryId: string
  files: number
  changedAt: string
  url: string
}

export interface StudyFile {
  number: number
  name: string
  segment: string
  study: string
  studyName: string
  delivery: string
  deliveryName: string
  size: number | null
  modifiedAt: string
}

export interface ImportDelivery extends Delivery {
  fileName: string
  template: string | null
  rows: { created: number; updated: number; unchanged: number; failed: number }
}

export interface PortOrder {
  number: number
  status: string
  isOpen: boolean
  alias: string | null
  phoneNumbers: string[]
  documents: PortOrderDocument[]
  createdAt: string
}

export interface PortOrderDocument {
  number: number
  name: string
  status: 'pending' | 'processing' | 'complete' | 'error'
  message: string | null
}

export interface Link {
  id: string
  fileNumber: number | null
  fileName: string
  createdAt: string
  expiresAt: string
  revokedAt: string | null
  /** Null when they are not counted. */
  maxUses: number | null
  used: number | null
}

/** A list of files at a secret address. */
export interface Manifest {
  id: string
  name: string
  /** Null for chosen files. */
  deliveryId: string | null
  /** Null for a delivery. */
  files: number | null
  createdAt: string
  expiresAt: string
  revokedAt: string | null
}

export interface IssuedManifest extends Manifest {
  urls: Record<'json' | 'metalink' | 'aria2' | 'wget' | 'curl', string>
}

export interface Pickup {
  fileNumber: number
  fileName: string
  accountId: string
  linkId: string | null
  bytesSent: number
  size: number | null
  updatedAt: string
  completedAt: string | null
}

export interface Product {
  urn: string
  productId: string
  dataset: { id: string; label: string }
  files: number
  bytes: number
  createdAt: string
}

export type CredentialKind = 'password' | 'key' | 'token' | 'client' | 'identity'

export interface Credential {
  id: string
  kind: CredentialKind
  name: string
  publicId: string | null
  createdAt: string
  expiresAt: string | null
  revokedAt: string | null
}

export interface IssuedCredential {
  id: string
  token?: string
  accessKey?: string
  secretKey?: string
}

export interface Account {
  id: string
  username: string
  name: string
  permissions: string[]
  suspendedAt: string | null
  createdAt: string
}

export interface Organization {
  id: string
  code: string
  name: string
  createdAt: string
}

export interface Job {
  number: number
  kind: string
  state: 'waiting' | 'running' | 'done' | 'dead' | 'canceled'
  deliveryId: string | null
  attempt: number
  maxAttempts: number
  message: string | null
  createdAt: string
  startedAt: string | null
  finishedAt: string | null
}

export interface AuditEvent {
  number: number
  at: string
  action: string
  actorId: string | null
  deliveryNumber: number | null
  data: Record<string, unknown>
}

export interface UsageDay {
  day: string
  sentBytes: number
  pickups: number
  storedBytes: number | null
}

export interface Usage {
  from: string
  until: string
  items: UsageDay[]
}

export interface Setting {
  name: string
  description: string
  value: string | null
}

/** Is there nothing more to wait for? */
export function isOver(state: DeliveryState): boolean {
  return state !== 'pending' && state !== 'running' && state !== 'paused'
}
