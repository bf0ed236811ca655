import { createHash } from 'node:crypto'
import type { StoredFileRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { readStored } from '../stored-files.ts'
import { transact } from '../transact.ts'

/** The digests of a file's pieces: a download tool finds the one that is damaged, and fetches only that. */
export interface PieceHashes {
  /** In bytes; the last piece may be shorter. */
  readonly length: number
  /** SHA-256 in lower-case hex, in order. */
  readonly hashes: readonly string[]
}

export interface TakingPieces {
  /** Called now and then while the file is read. */
  onRead(): void
  signal: AbortSignal
}

const LEAST = 1024 * 1024
/** Of one file at most: 128 KiB of text. */
const PIECES = 2048

/**
 * The digests of a file's pieces; null for a file that is but one. They are taken by reading it when they are asked for
 * first, and kept: at each ingest they would cost a quarter more processor time than the digests of
 * the whole, and few files are asked for them.
 * @throws DeliveryError `expired` when the bytes are gone
 */
export async function pieceHashes(
  core: Core,
  file: StoredFileRow,
  { onRead, signal }: TakingPieces,
): Promise<PieceHashes | null> {
  if (file.size <= LEAST) return null
  const known = await core.database.kysely
    .selectFrom('piece_hashes')
    .selectAll()
    .where('stored_file_id', '=', file.id)
    .executeTakeFirst()
  if (known !== undefined) {
    return { length: known.piece_length, hashes: known.hashes.match(/.{64}/g) ?? [] }
  }
  const length = pieceLength(file.size)
  const hashes: string[] = []
  for (let start = 0; start < file.size; start += length) {
    const hash = createHash('sha256')
    const span = { start, end: Math.min(start + length, file.size) }
    for await (const chunk of readStored(core, file, { span, signal })) {
      hash.update(chunk)
    }
    hashes.push(hash.digest('hex'))
    onRead()
  }
  await transact(core, async ({ db }) => {
    await db
      .insertInto('piece_hashes')
      .values({ stored_file_id: file.id, piece_length: length, hashes: hashes.join('') })
      .onConflict((conflict) => conflict.column('stored_file_id').doNothing())
      .execute()
  })
  return { length, hashes }
}

/** A power of two by which a file has at most so many pieces. */
function pieceLength(size: number): number {
  let length = LEAST
  while (size / length > PIECES) length *= 2
  return length
}

/** Forgets the pieces of files that are gone. */
export async function forgetPieces(core: Core): Promise<void> {
  await core.database.kysely
    .deleteFrom('piece_hashes')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('stored_files')
            .select('id')
            .whereRef('stored_files.id', '=', 'piece_hashes.stored_file_id'),
        ),
      ),
    )
    .execute()
}
