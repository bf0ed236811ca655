import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { createCsvParser } from '../../src/workers/csv-reader.ts'

/** Who uploads where. */
export interface Importer {
  url: string
  headers: { authorization: string }
}

export interface ImportStatus {
  referenceId: string
  status: string
  progress: number
  message: string | null
  template: string | null
  rows: { created: number; updated: number; unchanged: number; failed: number }
}

export interface ImportOutcome extends ImportStatus {
  /** The result file. */
  text: string
  /** Its rows by the names of its columns. */
  lines: Record<string, string>[]
}

/** Sends a file as a browser or curl would. */
export async function upload(
  { url, headers }: Importer,
  body: string | Uint8Array,
  { name = 'roster.csv', path = '/api/v1/upload', extra = {} } = {},
): Promise<Response> {
  const form = new FormData()
  form.append('file', new Blob([typeof body === 'string' ? body : new Uint8Array(body)]), name)
  return await fetch(url + path, { method: 'POST', headers: { ...headers, ...extra }, body: form })
}

/** Polls until the import is over. */
export async function untilOver(
  { url, headers }: Importer,
  referenceId: string,
): Promise<ImportStatus> {
  for (;;) {
    const response = await fetch(`${url}/api/v1/status/${referenceId}`, { headers })
    assert.equal(response.status, 200)
    const status = (await response.json()) as ImportStatus
    if (!['pending', 'processing'].includes(status.status)) return status
    await wait(20)
  }
}

/** Gets the result by its signed URL. */
export async function readResult(importer: Importer, referenceId: string): Promise<string> {
  const { url, headers } = importer
  const response = await fetch(`${url}/api/v1/download/${referenceId}`, { headers })
  assert.equal(response.status, 200)
  const { signedUrl } = (await response.json()) as { signedUrl: string }
  const file = await fetch(signedUrl)
  assert.equal(file.status, 200)
  return await file.text()
}

/** Uploads, waits, and reads the result. */
export async function importFile(
  importer: Importer,
  body: string | Uint8Array,
): Promise<ImportOutcome> {
  const response = await upload(importer, body)
  assert.equal(response.status, 202)
  const { referenceId } = (await response.json()) as { referenceId: string }
  const status = await untilOver(importer, referenceId)
  const text = await readResult(importer, referenceId)
  return { ...status, text, lines: parseLines(text) }
}

export function parseLines(text: string): Record<string, string>[] {
  const rows: (readonly string[])[] = []
  const parser = createCsvParser((row) => rows.push(row.cells))
  parser.push(Buffer.from(text))
  parser.end()
  const [names = [], ...lines] = rows
  return lines.map((cells) => Object.fromEntries(names.map((name, at) => [name, cells[at] ?? ''])))
}
