import type { Static } from 'typebox'
import { resultOf } from '../../core/uploads/uploads.ts'
import type { UploadRow } from '../../database/tables.ts'
import type { Upload } from './upload-schemas.ts'
import { toTime } from './wire.ts'

/** An upload as `/v1` shows it, whoever is to send its bytes. */
export function toUpload(row: UploadRow): Static<typeof Upload> {
  const result = resultOf(row)
  return {
    id: row.id,
    state: result !== null ? 'done' : row.message !== null ? 'failed' : 'receiving',
    message: row.message,
    size: row.size,
    received: row.received,
    createdAt: toTime(row.created_at),
    expiresAt: toTime(row.expires_at),
    deliveryId: result?.deliveryId ?? null,
    fileNumber: result?.fileNumber ?? null,
  }
}
