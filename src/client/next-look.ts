import type { ApiContext } from './api-context.ts'
import { parseRetryAfter } from './retry-policy.ts'

/** Waits until it is time to look again: as Retry-After says, up to the policy's patience, or as we are set. */
export async function nextLook(
  { transport, pollMs }: ApiContext,
  headers: Headers,
  signal?: AbortSignal,
): Promise<void> {
  const asked = parseRetryAfter(headers.get('retry-after'), transport.now())
  await transport.wait(Math.min(asked ?? pollMs, transport.retry.obeyMs), signal)
}
