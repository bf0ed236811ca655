import type { Core } from './core.ts'
import { listDeliveryFiles } from './delivery-files.ts'
import { DeliveryError } from './errors.ts'
import type { Principal } from './principal.ts'
import { readDelivery } from './read-deliveries.ts'

/** What a request that concerns many files names: either the files by number, or their delivery by id. */
export interface Selection {
  files?: readonly number[] | undefined
  delivery?: string | undefined
}

/** A request that concerns more is cut by its sender. */
const MOST = 10_000
const PAGE = 1000

/**
 * The numbers of the files that are named, in order: of a delivery those whose bytes are there.
 * Whoever takes them asks for the permission to each.
 * @throws DeliveryError `invalid` when it names both or neither, or more than 10,000 files; as
 *   `readDelivery`; `not_ready` when a delivery has none that is there
 */
export async function selectFiles(
  core: Core,
  principal: Principal,
  { files, delivery }: Selection,
): Promise<readonly number[]> {
  if ((files === undefined) === (delivery === undefined)) {
    throw invalid('', 'Name either files or a delivery, and not both.')
  }
  if (files !== undefined) return files
  return await filesThere(core, principal, delivery ?? '')
}

async function filesThere(core: Core, principal: Principal, id: string): Promise<number[]> {
  const { number } = await readDelivery(core, principal, id)
  const numbers: number[] = []
  for (let after = 0; ; ) {
    const page = await listDeliveryFiles(core.database.kysely, number, { after, limit: PAGE })
    for (const { number: file, state, stored_file_id } of page) {
      const isThere = state === 'available' || state === 'delivered'
      if (isThere && stored_file_id !== null) numbers.push(file)
    }
    if (numbers.length > MOST) {
      const sentence = `The delivery has more than ${MOST} files: name them by number, in parts.`
      throw invalid('/delivery', sentence)
    }
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) break
    after = last.number
  }
  if (numbers.length > 0) return numbers
  throw new DeliveryError('not_ready', 'None of the files of the delivery is there yet.')
}

function invalid(path: string, sentence: string): DeliveryError {
  return new DeliveryError('invalid', sentence, {
    details: { errors: [{ path, problem: sentence }] },
  })
}
