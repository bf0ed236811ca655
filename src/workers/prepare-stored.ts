import { findManyBytes } from '../core/bytes-places.ts'
import type { Core } from '../core/core.ts'
import type { PrepareFile } from './prepare-file.ts'

/**
 * Brings the bytes of an ordered file within reach where the store keeps them in a cold class, for as
 * long as an order can be picked up.
 */
export function createStoredFilePreparer(core: Core): PrepareFile {
  return async ({ number }) => {
    const { store, settings } = core
    if (store.restore === undefined) return 'available'
    const place = (await findManyBytes(core, [number])).get(number)
    const reach =
      place === undefined ? null : await store.restore(place.object_key, settings.orderSeconds)
    return reach ?? { failed: 'The bytes of this file are not there any more.' }
  }
}
