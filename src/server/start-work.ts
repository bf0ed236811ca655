import { hostname } from 'node:os'
import type { Settings } from '../config.ts'
import type { Core } from '../core/core.ts'
import { DOWNLOAD_JOB } from '../core/downloads.ts'
import { IMPORT_JOB } from '../core/imports/imports.ts'
import { serverQueues } from '../core/jobs/jobs.ts'
import { PULL_JOB } from '../core/port-orders/port-order-files.ts'
import { CALLBACK_JOB } from '../core/port-orders/status-callbacks.ts'
import { PULL_UPLOAD_JOB } from '../core/uploads/pulled-uploads.ts'
import type { Metrics } from '../http/metrics.ts'
import type { Logger } from '../log.ts'
import type { Installation } from '../open-installation.ts'
import { createCallbackHandler } from '../workers/callback-handler.ts'
import { createDownloadHandler } from '../workers/download-handler.ts'
import type { JobHandler } from '../workers/handler.ts'
import { createImportHandler } from '../workers/import-handler.ts'
import { startWorkerLoop } from '../workers/loop.ts'
import { createOrderHandlers } from '../workers/order-handlers.ts'
import { createAddressCheck } from '../workers/outgoing/public-address.ts'
import { createStoredFilePreparer } from '../workers/prepare-stored.ts'
import { createPullHandler } from '../workers/pull-handler.ts'
import { createPullUploadHandler } from '../workers/pull-upload-handler.ts'
import { startSweeper } from '../workers/sweeper.ts'
import { startWatchedFolder, type WatchedFolder } from '../workers/watch/watched-folder.ts'

/** What this node does by itself. */
export interface Work {
  /** Hands running jobs back, and ends the rest. */
  stop(): Promise<void>
}

/** Starts a loop for each queue, the sweeper, and the look-out over the watched folder. */
export function startWork(
  installation: Installation,
  { log, metrics }: { log: Logger; metrics: Metrics },
): Work {
  const { settings, core } = installation
  const handlers = createHandlers(installation)
  const loops = serverQueues.map((queue) =>
    startWorkerLoop(core, {
      queue,
      handlers,
      worker: `${hostname()}:${process.pid}`,
      // How long other hosts take is theirs to say.
      keepsRoom: queue !== 'local',
      concurrency: queue === 'local' ? settings.jobConcurrency : settings.outgoingConcurrency,
      onError: (error) => log.warn({ err: error }, 'A job failed'),
      onEnd: ({ kind }, outcome) => metrics.jobEnded(kind, outcome),
    }),
  )
  const sweeper = startSweeper(core, {
    everySeconds: settings.sweepSeconds,
    onSwept: (report) => log.debug({ report }, 'Swept'),
    onError: (error) => log.error({ err: error }, 'The sweep failed'),
  })
  const watched = watchFolder(core, settings, log)
  return {
    async stop() {
      await sweeper.stop()
      await watched?.stop()
      await Promise.all(loops.map((loop) => loop.stop()))
    },
  }
}

function createHandlers({
  settings,
  core,
  producers,
  prepareFile,
}: Installation): ReadonlyMap<string, JobHandler> {
  const guard = { mayConnect: createAddressCheck(settings.outgoingAllow) }
  return new Map([
    [DOWNLOAD_JOB, createDownloadHandler(core, producers)],
    ...createOrderHandlers(core, prepareFile ?? createStoredFilePreparer(core)),
    [IMPORT_JOB, createImportHandler(core, settings)],
    [PULL_JOB, createPullHandler(core, guard)],
    [PULL_UPLOAD_JOB, createPullUploadHandler(core, guard)],
    [CALLBACK_JOB, createCallbackHandler(core, guard)],
  ])
}

function watchFolder(core: Core, settings: Settings, log: Logger): WatchedFolder | null {
  const { watchFolder: folder, watchSettleSeconds, watchScanSeconds, watchWithdraw } = settings
  if (folder === null) return null
  return startWatchedFolder(core, {
    folder,
    settleMs: watchSettleSeconds * 1000,
    scanMs: watchScanSeconds * 1000,
    withdraw: watchWithdraw === 'on',
    onPublished: (said) => log.info(said, 'Published from the watched folder'),
    onComplaint: (sentence, err) => log.warn(err === null ? {} : { err }, sentence),
  })
}
