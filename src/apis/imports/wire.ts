import type { FoundImport } from '../../core/imports/imports.ts'
import type { DeliveryState } from '../../database/tables.ts'

/** The document names `referenceId`; `statusUrl` is ours. */
export interface UploadResponse {
  referenceId: string
  statusUrl: string
}

/** `{ "signedUrl": "<signed url>" }` of the document. */
export interface DownloadResponse {
  signedUrl: string
}

/** Ours, because the document shows no body. */
export interface StatusResponse {
  referenceId: string
  status: string
  /** From 0 to 1. */
  progress: number
  message: string | null
  fileName: string
  /** The TAO template that the header row named. */
  template: string | null
  rows: { created: number; updated: number; unchanged: number; failed: number }
  createdAt: string
  finishedAt: string | null
}

const states = {
  pending: 'pending',
  running: 'processing',
  paused: 'pending',
  done: 'completed',
  incomplete: 'completed',
  failed: 'failed',
  canceled: 'canceled',
  expired: 'expired',
} as const satisfies Record<DeliveryState, string>

/** An import as this API shows how far it is. */
export function toStatusResponse({ delivery, facts }: FoundImport): StatusResponse {
  return {
    referenceId: delivery.id,
    status: states[delivery.state],
    progress: delivery.progress,
    message: delivery.message,
    fileName: facts.file_name,
    template: facts.template,
    rows: {
      created: facts.rows_created,
      updated: facts.rows_updated,
      unchanged: facts.rows_unchanged,
      failed: facts.rows_failed,
    },
    createdAt: new Date(delivery.created_at).toISOString(),
    finishedAt: delivery.finished_at === null ? null : new Date(delivery.finished_at).toISOString(),
  }
}

/** A name for a file out of what a client says: its last segment, without what a header or a disk would trip over. */
export function fromFileName(said: string | undefined): string {
  const last = (said ?? '').split(/[/\\]/).at(-1) ?? ''
  const name = last
    .replaceAll(/[\p{C}"]/gu, '')
    .trim()
    .slice(0, 200)
  return name === '' || /^\.+$/.test(name) ? 'import.csv' : name
}
