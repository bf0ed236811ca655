import { Type } from 'typebox'
import { IssuedLink, NewLink } from './link-schemas.ts'
import { closed, oneOf, ref, time } from './schema-words.ts'

export const ArchiveFormat = oneOf(['zip', 'tar'], { default: 'zip' })

/** What is asked for with a link to an archive. */
export const NewArchiveLink = Type.Object(
  { format: Type.Optional(ArchiveFormat), ...NewLink.properties },
  closed,
)

export const NewArchive = Type.Object(
  {
    files: Type.Array(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }), {
      maxItems: 10_000,
      description: 'Numbers of files, of one delivery or of many, in the order they shall have.',
      examples: [[50987, 50988]],
    }),
    fileName: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: 'What it is saved as, without the extension.',
        examples: ['invoices'],
      }),
    ),
    ...NewArchiveLink.properties,
  },
  closed,
)

export const Archive = Type.Object(
  {
    id: Type.String(),
    format: ArchiveFormat,
    fileName: Type.String({ examples: ['invoices.zip'] }),
    size: Type.Integer({ description: 'In bytes, exactly.' }),
    files: Type.Integer({ description: 'How many are in it.' }),
    omitted: Type.Integer({
      description: 'How many could not be put in; its NOTICE.txt names them with the reasons.',
    }),
    etag: Type.String({ description: 'Of its bytes, which never change.' }),
    createdAt: Type.String(time),
    expiresAt: Type.String({
      ...time,
      description: 'With its files, or seven days after its last use.',
    }),
    link: ref(IssuedLink),
  },
  { $id: 'Archive', ...closed },
)
