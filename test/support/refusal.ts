import assert from 'node:assert/strict'
import { DeliveryError, type ErrorCode } from '../../src/core/errors.ts'

/** Asserts that the work is refused with the code, and gives the refusal back. */
export async function refusal(
  code: ErrorCode,
  work: Promise<unknown> | (() => unknown),
): Promise<DeliveryError> {
  try {
    await (typeof work === 'function' ? work() : work)
  } catch (error) {
    assert.ok(error instanceof DeliveryError, `an unexpected error: ${error}`)
    assert.equal(error.code, code, error.message)
    return error
  }
  assert.fail(`not refused; "${code}" was expected`)
}
