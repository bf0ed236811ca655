import { Type } from 'typebox'
import { DeliveryState } from './delivery-schemas.ts'
import { closed, nullable, oneOf, time } from './schema-words.ts'

export const OrderAction = oneOf(['pause', 'resume', 'restart', 'retry', 'delete', 'remove'])

export const Order = Type.Object(
  {
    number: Type.Integer({ examples: [54] }),
    deliveryId: Type.String(),
    label: Type.String(),
    state: DeliveryState,
    files: Type.Integer(),
    bytes: Type.Integer(),
    treatedBytes: Type.Integer({ description: 'Of files that are no longer pending.' }),
    available: Type.Integer({ description: 'Files that wait to be picked up.' }),
    delivered: Type.Integer(),
    failed: Type.Integer(),
    isWaitingForUser: Type.Boolean({
      description: 'The next sub-order is prepared when what is ready has been picked up.',
    }),
    actions: Type.Array(OrderAction, { description: 'What its state allows.' }),
    datasets: Type.Array(
      Type.Object({ label: Type.String(), files: Type.Integer(), bytes: Type.Integer() }, closed),
    ),
    createdAt: Type.String(time),
    expiresAt: nullable('string', time),
  },
  { $id: 'Order', ...closed },
)

export const SubOrder = Type.Object(
  {
    position: Type.Integer({ description: '1 for the first of the order.' }),
    state: oneOf(['filling', 'waiting', 'preparing', 'ready', 'over']),
    files: Type.Integer(),
    bytes: Type.Integer(),
    pending: Type.Integer(),
    available: Type.Integer(),
  },
  { $id: 'SubOrder', ...closed },
)

export const NewOrder = Type.Object(
  {
    queries: Type.Array(Type.String({ maxLength: 10_000 }), {
      minItems: 1,
      maxItems: 100,
      examples: [['productId:communes-22']],
    }),
    label: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
  },
  closed,
)
