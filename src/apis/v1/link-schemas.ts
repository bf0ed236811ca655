import { Type } from 'typebox'
import { closed, nullable, oneOf, time } from './schema-words.ts'

const linkMembers = {
  id: Type.String(),
  fileNumber: nullable('integer', {
    description: 'What it opens; null for an archive and for an upload.',
  }),
  archiveId: nullable('string', { description: 'Null for a single file.' }),
  uploadId: nullable('string', { description: 'What is put in by it; null for a download.' }),
  fileName: Type.String(),
  disposition: oneOf(['attachment', 'inline']),
  ownerId: Type.String({ description: 'Whom it was made for.' }),
  createdAt: Type.String(time),
  expiresAt: Type.String(time),
  revokedAt: nullable('string', time),
  maxUses: nullable('integer', {
    description: 'How many downloads it is for; null when they are not counted.',
  }),
  networks: Type.Array(Type.String(), {
    description: 'Addresses and networks that it opens for; empty for all.',
  }),
  page: Type.Boolean({ description: 'It shows a page with a button that leads to the bytes.' }),
}

const useMembers = {
  used: nullable('integer', {
    description: 'Whole downloads so far; null when they are not counted.',
  }),
  open: nullable('integer', {
    description:
      'Downloads that were begun and are not whole: each is free again after ten minutes without bytes.',
  }),
}

export const Link = Type.Object({ ...linkMembers, ...useMembers }, { $id: 'Link', ...closed })

const LinkUse = Type.Object(
  {
    address: nullable('string'),
    agent: Type.String({ description: 'What the client called itself.' }),
    bytesSent: Type.Integer(),
    startedAt: Type.String(time),
    updatedAt: Type.String(time),
    usedAt: nullable('string', {
      ...time,
      description: 'When all bytes, or twice as many, had gone out.',
    }),
  },
  closed,
)

export const LinkDetail = Type.Object(
  {
    ...linkMembers,
    ...useMembers,
    uses: Type.Array(LinkUse, {
      description: 'Who began to take it, the last first; of a link that is counted.',
    }),
  },
  { $id: 'LinkDetail', ...closed },
)

export const IssuedLink = Type.Object(
  {
    ...linkMembers,
    url: Type.String({
      format: 'uri',
      description: 'Opens the file for everybody who has it, until it expires or is revoked.',
    }),
  },
  { $id: 'IssuedLink', ...closed },
)

export const NewLink = Type.Object(
  {
    lifetimeSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 604_800,
        description: 'Left out: as the server is set.',
      }),
    ),
    disposition: Type.Optional(oneOf(['attachment', 'inline'])),
    maxUses: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000,
        description:
          'How many downloads it is for; 1 makes a one-time link. The first GET that sends bytes takes one of them for that client (address and user agent); ranges that it asks for later belong to it. One is used up when the client has all bytes, or twice as many were sent to it; below that it is free again after ten minutes without bytes. HEAD uses nothing up.',
      }),
    ),
    networks: Type.Optional(
      Type.Array(Type.String({ maxLength: 50 }), {
        maxItems: 20,
        description: 'The addresses and networks that it opens for; all when left out.',
        examples: [['192.0.2.0/24', '2001:db8::/32']],
      }),
    ),
    page: Type.Optional(
      Type.Boolean({
        description:
          'Whether it shows a page whose button leads to the bytes, so that programs that look into links take nothing. A program gets the bytes by POST.',
      }),
    ),
  },
  closed,
)

const FileNumbers = Type.Array(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }), {
  minItems: 1,
  maxItems: 10_000,
  description: 'Numbers of files, of one delivery or of many.',
  examples: [[50987, 50988]],
})

/** What a call that concerns many files names: either the files, or the delivery that holds them. */
export const selectionMembers = {
  files: Type.Optional(FileNumbers),
  delivery: Type.Optional(
    Type.String({
      maxLength: 100,
      description: 'The id of a delivery: all of its files that are there, at most 10,000.',
    }),
  ),
}

export const NewLinks = Type.Object({ ...selectionMembers, ...NewLink.properties }, closed)
