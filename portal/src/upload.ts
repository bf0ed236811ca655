import { ApiError, call, get, transmit } from './api.ts'

/** A file on its way, by tus 1.0: it goes on where it was, also after a reload. */
export interface Upload {
  file: File
  /** Where it goes, as `/v1/uploads` has it: `{ import: '1' }`, `{ study: 'ORG/STUDY/DELIVERY' }`. */
  target: Readonly<Record<string, string>>
  /** From 0 to 1. */
  onProgress(done: number): void
  signal: AbortSignal
}

/** An upload that this browser began and has not ended. */
export interface BegunUpload {
  readonly key: string
  readonly name: string
  /** From 0 to 1. */
  readonly done: number
}

interface Entry {
  /** Of the upload at the server. */
  id: string
  name: string
}

const prefix = 'claimcheck.upload.'
/** Between two tries, in ms; a success begins anew. */
const pauses = [500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]

/**
 * Sends a file; a broken connection is tried again for about a minute.
 * @returns the id of the delivery that it has become, or is part of
 * @throws ApiError
 */
export async function upload(wanted: Upload): Promise<string> {
  const key = keyOf(wanted)
  let failures = 0
  for (;;) {
    try {
      const { id, offset } = (await resume(key)) ?? (await create(key, wanted))
      const delivery = await sendFrom(offset, { ...wanted, id, onMoved: () => (failures = 0) })
      localStorage.removeItem(key)
      return delivery
    } catch (error) {
      const pause = pauses[failures++]
      if (!isTransient(error) || pause === undefined) throw error
      await wait(pause, wanted.signal)
    }
  }
}

/** What was begun for such a target, as far as the server still has it. */
export async function begunUploads(targetKey: string): Promise<BegunUpload[]> {
  const found: BegunUpload[] = []
  for (const key of Object.keys(localStorage)) {
    if (!key.startsWith(`${prefix}${targetKey}`)) continue
    const entry = readEntry(key)
    if (entry === null) continue
    const state = await get<{ state: string; size: number; received: number }>(
      `/uploads/${entry.id}`,
    ).catch(() => null)
    if (state?.state !== 'receiving') continue
    found.push({ key, name: entry.name, done: state.size === 0 ? 0 : state.received / state.size })
  }
  return found
}

/** Ends it; nothing of it is kept. */
export async function giveUp({ key }: BegunUpload): Promise<void> {
  const entry = readEntry(key)
  localStorage.removeItem(key)
  if (entry !== null) await tus('DELETE', `/v1/uploads/${entry.id}`)
}

/** The same file for the same place; what it holds is the server's to check. */
function keyOf({ file, target }: Upload): string {
  const place = Object.entries(target).flat().join(' ')
  return `${prefix}${place} ${file.size} ${file.lastModified} ${file.name}`
}

async function resume(key: string): Promise<{ id: string; offset: number } | null> {
  const entry = readEntry(key)
  if (entry === null) return null
  const answer = await tus('HEAD', `/v1/uploads/${entry.id}`)
  if (answer.ok) return { id: entry.id, offset: Number(answer.headers.get('upload-offset')) }
  if (answer.status !== 404 && answer.status !== 410) throw new ApiError(answer.status, {})
  localStorage.removeItem(key)
  return null
}

async function create(
  key: string,
  { file, target }: Upload,
): Promise<{ id: string; offset: number }> {
  const metadata = { filename: file.name, filetype: file.type, ...target }
  const answer = await tus('POST', '/v1/uploads', {
    'upload-length': String(file.size),
    'upload-metadata': Object.entries(metadata)
      .map(([name, value]) => `${name} ${toBase64(value)}`.trim())
      .join(','),
  })
  if (!answer.ok) throw new ApiError(answer.status, await answer.json().catch(() => ({})))
  const id = (answer.headers.get('location') ?? '').split('/').at(-1) ?? ''
  localStorage.setItem(key, JSON.stringify({ id, name: file.name } satisfies Entry))
  return { id, offset: 0 }
}

async function sendFrom(
  offset: number,
  { file, id, onProgress, onMoved, signal }: Upload & { id: string; onMoved(): void },
): Promise<string> {
  if (offset < file.size) {
    await transmit({
      method: 'PATCH',
      url: `/v1/uploads/${id}`,
      headers: {
        'tus-resumable': '1.0.0',
        'upload-offset': String(offset),
        'content-type': 'application/offset+octet-stream',
      },
      bytes: file.slice(offset),
      onProgress(part) {
        if (part > 0) onMoved()
        onProgress((offset + part * (file.size - offset)) / file.size)
      },
      signal,
    })
  }
  const { deliveryId } = await call<{ deliveryId: string | null }>('GET', `/uploads/${id}`)
  if (deliveryId === null) throw new ApiError(0, {})
  return deliveryId
}

async function tus(
  method: 'HEAD' | 'POST' | 'DELETE',
  url: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  try {
    return await fetch(url, { method, headers: { 'tus-resumable': '1.0.0', ...headers } })
  } catch {
    throw new ApiError(0, {})
  }
}

/** Not reached, too busy, or somebody (a connection that has died) still writes to it. */
function isTransient(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    error.code !== 'aborted' &&
    (error.status === 0 || error.status === 409 || error.status === 503)
  )
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(new ApiError(0, { code: 'aborted' }))
    })
  })
}

function readEntry(key: string): Entry | null {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null')
  } catch {
    return null
  }
}

/** Of its UTF-8. */
function toBase64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}
