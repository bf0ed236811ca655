import type { Core } from '../core/core.ts'
import { DeliveryError } from '../core/errors.ts'
import {
  completePull,
  findPulled,
  pullSteps,
  storeDocument,
} from '../core/port-orders/receive-document.ts'
import type { Attempt, JobHandler } from './handler.ts'
import type { Guard } from './outgoing/guarded-request.ts'
import { pull } from './outgoing/pull.ts'

/** How long one document may take to come. */
const PULL_MS = 10 * 60 * 1000

/** Pulls documents of port orders from the URLs that customers name. */
export function createPullHandler(core: Core, guard: Guard): JobHandler {
  return { steps: pullSteps, run: (attempt) => pullDocument(core, guard, attempt) }
}

async function pullDocument(core: Core, guard: Guard, { job, signal }: Attempt): Promise<void> {
  const facts = await findPulled(core, job)
  const url = facts?.original_url ?? null
  if (facts === null || url === null) throw new DeliveryError('invalid', 'The document is gone.')
  const limit = core.settings.maxDocumentBytes
  const source = pull(url, { guard, signal, milliseconds: PULL_MS, limit })
  const bytes = await storeDocument(core, facts, { source, signal })
  try {
    await completePull(core, job, bytes)
  } catch (error) {
    await core.store.remove(bytes.objectKey)
    throw error
  }
}
