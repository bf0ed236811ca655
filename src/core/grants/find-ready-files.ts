import type { Core } from '../core.ts'
import { deliveryThing } from '../deliveries.ts'
import { type FoundFile, findDeliveryFiles } from '../delivery-files.ts'
import { DeliveryError } from '../errors.ts'
import { demand } from '../may.ts'
import type { Principal } from '../principal.ts'

/**
 * Files that somebody may pick up now, in the order of their numbers as given.
 * @throws DeliveryError `not_found`, `expired`, `not_ready`, as `demandReadable`; of several,
 *   `details.file` is the number of the first that is refused
 */
export async function findReadyFiles(
  core: Core,
  principal: Principal,
  numbers: readonly number[],
): Promise<FoundFile[]> {
  const files = await findDeliveryFiles(core.database.kysely, numbers)
  return numbers.map((number) => {
    const found = files.get(number)
    try {
      if (found === undefined) throw new DeliveryError('not_found', 'There is no such file.')
      demandReady(core, principal, found)
      return found
    } catch (error) {
      throw numbers.length === 1 ? error : naming(error, number)
    }
  })
}

function demandReady(core: Core, principal: Principal, found: FoundFile): void {
  demandReadable(core, principal, found)
  const { file } = found
  if (file.state === 'expired') throw new DeliveryError('expired', "The file's time is over.")
  // The bytes of an order's file may be there before its turn has come.
  if (file.stored_file_id === null || file.state === 'pending' || file.state === 'failed') {
    throw new DeliveryError('not_ready', 'The file is not ready yet.')
  }
}

/**
 * Asks whether somebody may pick up a file, whether it is ready or not.
 * @throws DeliveryError `not_yours`, `forbidden`
 */
export function demandReadable(
  core: Core,
  principal: Principal,
  { delivery }: Pick<FoundFile, 'delivery'>,
): void {
  demand(
    principal,
    'read',
    deliveryThing(core, delivery),
    'This file belongs to somebody else, or you may not pick up files of its type.',
  )
}

function naming(error: unknown, file: number): unknown {
  if (!(error instanceof DeliveryError)) return error
  const { code, message, details } = error
  return new DeliveryError(code, message, { cause: error, details: { ...details, file } })
}
