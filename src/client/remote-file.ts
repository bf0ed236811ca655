import type { Digests, PieceDigests } from './digests.ts'

/** Where a file's bytes are now. */
export interface Place {
  readonly url: string
  /** Whether our credentials are sent along; they never leave their origin. */
  readonly authorize: boolean
  /** Another call may give another address, after this one has expired. */
  readonly renewable: boolean
}

/** A file that can be picked up. */
export interface RemoteFile {
  /** The same in every run; without secrets. */
  readonly id: string
  /** As the server calls it: not to be trusted as a path. Null: only the answer tells. */
  readonly name: string | null
  /** Where it stands in the server's own order of things, outermost first. */
  readonly folders: readonly string[]
  /** In bytes; null when the listing does not say. */
  readonly size: number | null
  readonly mediaType: string | null
  /** What the listing says of its bytes. */
  readonly digests: Digests
  /** Of its pieces, when the listing has them. */
  readonly pieces?: PieceDigests
  /** `id` never stands for other bytes: an intact copy need not be compared with the server's. */
  readonly isFixed: boolean
  /** The server wants it to be fetched though an earlier copy is here: it holds something up. */
  readonly mustFetch?: boolean
  /** Its server may find out its digest only while it sends the whole: it is asked once more then. */
  readonly digestComesLate?: boolean
  /** Other addresses of the same bytes, best first, for when the one of `locate` fails for good. */
  readonly mirrors?: readonly string[]
  /** @throws ClientError */
  locate(signal?: AbortSignal): Promise<Place>
}
