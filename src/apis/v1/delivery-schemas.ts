import { Type } from 'typebox'
import { closed, Json, nullable, oneOf, time } from './schema-words.ts'

const states = [
  'pending',
  'running',
  'paused',
  'done',
  'incomplete',
  'failed',
  'canceled',
  'expired',
] as const
const kinds = ['download', 'order', 'study', 'import', 'port-order'] as const

export const DeliveryState = oneOf(states, {
  description: 'It is over in `done`, `incomplete`, `failed`, `canceled` and `expired`.',
})

export const DeliveryKind = oneOf(kinds)

export const DownloadType = Type.Object(
  {
    name: Type.String({ examples: ['communes'] }),
    title: Type.String(),
    description: Type.String(),
    permission: Type.String(),
    retentionSeconds: Type.Number(),
    producedBy: oneOf(['server', 'worker']),
    infoSchema: Type.Unsafe<Record<string, unknown> | null>({
      type: ['object', 'null'],
      additionalProperties: true,
      description: 'The JSON Schema of `info`; null when any is taken.',
    }),
  },
  { $id: 'DownloadType', ...closed },
)

export const Delivery = Type.Object(
  {
    id: Type.String({ examples: ['01jhx5t1f2k3m4n5p6q7r8s9t0'] }),
    number: Type.Integer({ examples: [54] }),
    kind: DeliveryKind,
    type: nullable('string', { examples: ['communes'] }),
    info: Json,
    state: DeliveryState,
    progress: Type.Number({ minimum: 0, maximum: 1 }),
    message: nullable('string', { description: 'What it is doing, or why it failed.' }),
    ownerId: Type.String(),
    createdAt: Type.String(time),
    updatedAt: Type.String(time),
    finishedAt: nullable('string', time),
    expiresAt: nullable('string', time),
  },
  { $id: 'Delivery', ...closed },
)

export const NewDelivery = Type.Object(
  {
    type: Type.String({ minLength: 1, maxLength: 200, examples: ['communes'] }),
    info: Type.Optional(Json),
  },
  { ...closed, description: 'A download of one of your download types.' },
)

export const FileEntry = Type.Object(
  {
    number: Type.Integer({ examples: [50987] }),
    deliveryId: Type.String(),
    batch: Type.Integer(),
    name: Type.String({ examples: ['communes.csv'] }),
    mediaType: Type.String({ examples: ['text/csv'] }),
    state: oneOf(['pending', 'available', 'delivered', 'failed', 'expired']),
    size: nullable('integer', { description: 'In bytes.' }),
    sha256: nullable('string', { description: 'Hex; null while there are no bytes.' }),
    md5: nullable('string', { description: 'Hex; null while there are no bytes.' }),
    crc32: nullable('string', { description: 'Eight hex digits; null while there are no bytes.' }),
    message: nullable('string'),
    createdAt: Type.String(time),
    updatedAt: Type.String(time),
  },
  { $id: 'FileEntry', ...closed },
)

export const Pickup = Type.Object(
  {
    fileNumber: Type.Integer(),
    fileName: Type.String(),
    accountId: Type.String({ description: 'Who took it.' }),
    linkId: nullable('string', { description: 'The signed URL that was used last.' }),
    address: nullable('string'),
    size: nullable('integer'),
    bytesSent: Type.Integer(),
    startedAt: Type.String(time),
    updatedAt: Type.String(time),
    completedAt: nullable('string', { ...time, description: 'When all bytes had gone out.' }),
  },
  { $id: 'Pickup', ...closed },
)

export const Event = Type.Object(
  {
    number: Type.Integer(),
    at: Type.String(time),
    action: Type.String({ examples: ['delivery.done'] }),
    actorId: nullable('string', { description: 'Who did it; null for the system.' }),
    deliveryNumber: nullable('integer'),
    data: Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true }),
  },
  { $id: 'Event', ...closed },
)
