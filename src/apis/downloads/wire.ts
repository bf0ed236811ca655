import { DeliveryError } from '../../core/errors.ts'
import type { DeliveryRow, DeliveryState } from '../../database/tables.ts'

/** `DownloadResponse` of the Bridge Downloads API document. */
export interface DownloadResponse {
  id: string
  download_type: string
  user_id: string
  state: string
  /** The relative URL of the file; null in any state but "done". */
  url: string | null
}

/** `DownloadRequest` of the document. */
export interface DownloadRequest {
  download_type: string
  info?: Record<string, unknown>
}

/** The document names `done` alone; the others are ours. */
const states = {
  pending: 'created',
  running: 'working',
  paused: 'paused',
  done: 'done',
  incomplete: 'failed',
  failed: 'failed',
  canceled: 'canceled',
  expired: 'expired',
} as const satisfies Record<DeliveryState, string>

/** A download as the document prints it; its `url` is null until it is done. */
export function toDownloadResponse(delivery: DeliveryRow): { download: DownloadResponse } {
  return {
    download: {
      id: delivery.id,
      download_type: delivery.type ?? '',
      user_id: delivery.owner_id,
      state: states[delivery.state],
      url: delivery.state === 'done' ? `/api/downloads/${delivery.id}/file` : null,
    },
  }
}

/**
 * Reads `{"download": {"download_type": …, "info": …}}`. Members that the document does not name
 * are ignored, as the original does.
 * @throws DeliveryError `invalid` that names the member
 */
export function fromDownloadRequest(body: unknown): DownloadRequest {
  const download = memberOf(body, 'download')
  if (!isObject(download)) throw invalid('download', 'must be an object')
  const type = memberOf(download, 'download_type')
  if (typeof type !== 'string' || type === '') {
    throw invalid('download.download_type', 'must be the name of a download type')
  }
  const info = memberOf(download, 'info')
  if (info === undefined || info === null) return { download_type: type }
  if (!isObject(info)) throw invalid('download.info', 'must be an object')
  return { download_type: type, info }
}

function memberOf(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(field: string, problem: string): DeliveryError {
  return new DeliveryError('invalid', `"${field}" ${problem}.`, { details: { field } })
}
