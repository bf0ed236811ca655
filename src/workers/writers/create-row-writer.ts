import type { RowFormat } from '../producers/query-task.ts'
import { createCsvWriter } from './csv.ts'
import { createNdjsonWriter } from './ndjson.ts'
import type { RowWriter } from './row-writer.ts'
import { createXlsxWriter } from './xlsx.ts'

/**
 * The writer for a format.
 * @throws Error when the format cannot hold these columns
 */
export function createRowWriter(
  columns: readonly string[],
  format: RowFormat,
  fileName: string,
): RowWriter {
  if (format.format === 'csv') return createCsvWriter(columns, format)
  if (format.format === 'ndjson') return createNdjsonWriter(columns)
  return createXlsxWriter(columns, { sheet: format.sheet ?? fileName.replace(/\.[^.]*$/, '') })
}
