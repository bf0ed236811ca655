import type { Writable } from 'node:stream'
import { findPrincipal } from '../core/accounts/accounts.ts'
import type { Core } from '../core/core.ts'
import { findDeliveryByNumber } from '../core/deliveries.ts'
import { DeliveryError } from '../core/errors.ts'
import { isFileName } from '../core/file-name.ts'
import { completeDownload, downloadSteps, type MadeFile } from '../core/jobs/download-jobs.ts'
import { demand } from '../core/may.ts'
import type { DeliveryRow } from '../database/tables.ts'
import type { Attempt, JobHandler } from './handler.ts'
import type { Producer, ProducerContext } from './producer.ts'
import { openWrittenFile, type WrittenFile } from './written-file.ts'

/** Makes downloads by the producers of their types. */
export function createDownloadHandler(
  core: Core,
  producers: ReadonlyMap<string, Producer>,
): JobHandler {
  return {
    steps: downloadSteps,
    run: (attempt) => makeDownload(core, producers, attempt),
  }
}

async function makeDownload(
  core: Core,
  producers: ReadonlyMap<string, Producer>,
  attempt: Attempt,
): Promise<void> {
  const { job } = attempt
  const delivery = await findDeliveryByNumber(core.database.kysely, job.delivery_number ?? 0)
  const type = delivery?.type ?? ''
  const producer = producers.get(type)
  if (delivery === null || producer === undefined) {
    throw new DeliveryError('invalid', `The download type "${type}" is no longer configured.`)
  }
  const account = await stillPermitted(core, delivery)
  const files = openFiles(core, attempt)
  const context: ProducerContext = {
    type,
    info: delivery.info === null ? undefined : JSON.parse(delivery.info),
    account,
    signal: attempt.signal,
    progress: attempt.report,
    file: files.open,
  }
  try {
    await producer(context)
    await completeDownload(core, job, await files.finish())
  } catch (error) {
    await files.discard()
    throw error
  }
}

/** A right that was lost since the request is lost. */
async function stillPermitted(
  core: Core,
  delivery: DeliveryRow,
): Promise<ProducerContext['account']> {
  const principal = await findPrincipal(core, delivery.owner_id)
  const type = core.downloadTypes.get(delivery.type ?? '')
  const sentence = 'The account may no longer ask for downloads of this type.'
  if (principal === null || type === undefined) throw new DeliveryError('forbidden', sentence)
  demand(
    principal,
    'create',
    { organizationId: delivery.organization_id, ownerId: null, permission: type.permission },
    sentence,
  )
  return {
    id: principal.accountId,
    username: principal.username,
    organizationId: principal.organizationId,
  }
}

interface NamedFile {
  mediaType: string
  written: WrittenFile
}

/** The files of one attempt: written to the store as the producer writes them, shown only at its end. */
function openFiles(core: Core, attempt: Attempt) {
  const files = new Map<string, NamedFile>()
  return {
    open(name: string, mediaType: string): Writable {
      checkName(name, files)
      const written = openWrittenFile(core, attempt)
      files.set(name, { mediaType, written })
      return written.stream
    },

    async finish(): Promise<MadeFile[]> {
      const made: MadeFile[] = []
      for (const [name, { mediaType, written }] of files) {
        made.push({ name, mediaType, bytes: await written.finish() })
      }
      return made
    },

    async discard(): Promise<void> {
      await Promise.all([...files.values()].map(({ written }) => written.discard()))
    },
  }
}

function checkName(name: string, files: ReadonlyMap<string, NamedFile>): void {
  if (!isFileName(name)) {
    throw new DeliveryError(
      'invalid',
      `A producer named a file ${JSON.stringify(name)}: a file name has 1 to 255 characters without slashes or control characters, and is not "." or "..".`,
    )
  }
  if (files.has(name)) {
    throw new DeliveryError('invalid', `A producer wrote two files named "${name}".`)
  }
}
