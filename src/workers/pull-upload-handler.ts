import type { Core } from '../core/core.ts'
import { completePulled, pullOf, pullUploadSteps } from '../core/uploads/pulled-uploads.ts'
import type { JobHandler } from './handler.ts'
import type { Guard } from './outgoing/guarded-request.ts'
import { pull } from './outgoing/pull.ts'

/** How long one file may take to come. */
const PULL_MS = 24 * 3600_000

/** Pulls files for studies from the URLs that publishers name. */
export function createPullUploadHandler(core: Core, guard: Guard): JobHandler {
  return {
    steps: pullUploadSteps,
    async run({ job, signal }) {
      const limit = core.settings.pullMaxBytes
      const { url, isAnnounced = false } = pullOf(job)
      const source = pull(url, { guard, signal, milliseconds: PULL_MS, limit, isAnnounced })
      await completePulled(core, job, { source, signal })
    },
  }
}
