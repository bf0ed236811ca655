import { Type } from 'typebox'
import { closed, Json, nullable, oneOf, time } from './schema-words.ts'

const jobStates = ['waiting', 'running', 'done', 'dead', 'canceled'] as const

export const JobState = oneOf(jobStates)

export const Job = Type.Object(
  {
    number: Type.Integer(),
    kind: Type.String({ examples: ['download'] }),
    deliveryId: nullable('string'),
    producedBy: oneOf(['server', 'worker']),
    state: JobState,
    attempt: Type.Integer(),
    maxAttempts: Type.Integer(),
    stopping: Type.Boolean({ description: 'It was asked to stop and has not yet.' }),
    worker: nullable('string', { description: 'Who holds it; for administrators.' }),
    message: nullable('string', {
      description: 'Why the last attempt failed; for administrators.',
    }),
    claimableAt: nullable('string', {
      ...time,
      description: 'From when on it may be taken, or the end of its lease while it runs.',
    }),
    createdAt: Type.String(time),
    startedAt: nullable('string', time),
    finishedAt: nullable('string', time),
  },
  { $id: 'Job', ...closed },
)

export const WorkClaim = Type.Object(
  {
    types: Type.Array(Type.String({ maxLength: 200 }), {
      minItems: 1,
      maxItems: 50,
      description: 'Download types, in the order of preference.',
      examples: [['report']],
    }),
    worker: Type.Optional(
      Type.String({ maxLength: 100, description: 'Names your program in the jobs it holds.' }),
    ),
    wait: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 30, description: 'Seconds to wait for work.' }),
    ),
  },
  closed,
)

export const Work = Type.Object(
  {
    number: Type.Integer(),
    attempt: Type.Integer({ description: 'Sent back with every later step.' }),
    type: Type.String(),
    info: Json,
    deliveryId: Type.String(),
    account: Type.Object(
      { id: Type.String(), username: Type.String(), organizationId: Type.String() },
      { ...closed, description: 'Who asked.' },
    ),
    leaseSeconds: Type.Number({
      description: 'Send a heartbeat well within this time, or another worker gets the job.',
    }),
  },
  { $id: 'Work', ...closed },
)

const attempt = Type.Integer({ minimum: 1, maximum: 1_000_000 })

const message = Type.String({ maxLength: 1000 })

export const Heartbeat = Type.Object(
  {
    attempt,
    progress: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    message: Type.Optional(message),
  },
  closed,
)

export const HeartbeatAnswer = Type.Object(
  {
    stop: Type.Boolean({
      description: 'True: nobody wants it any more; stop, and tell it by `fail`.',
    }),
    leaseSeconds: Type.Number(),
  },
  { $id: 'HeartbeatAnswer', ...closed },
)

export const WorkFile = Type.Object(
  { name: Type.String(), size: Type.Integer(), sha256: Type.String() },
  { $id: 'WorkFile', ...closed },
)

export const Completion = Type.Object({ attempt }, closed)

export const WorkFailure = Type.Object(
  {
    attempt,
    message: Type.String({ minLength: 1, maxLength: 1000, description: 'The customer reads it.' }),
    retry: Type.Optional(
      Type.Boolean({ default: true, description: 'False when another attempt cannot help.' }),
    ),
  },
  closed,
)
