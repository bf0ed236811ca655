import { call, post, refusalOf } from './call.ts'
import { ClientError } from './client-error.ts'
import type { Client } from './create-client.ts'
import { drain } from './drain.ts'
import { asObject, asText, demandText } from './json.ts'

export interface PutFile {
  /** What the server shall call it. */
  readonly name: string
  readonly bytes: Blob
  readonly signal?: AbortSignal
}

/**
 * Puts a file where its address says: a port order gets it as a document in its two steps, an import
 * API as a form, any other address, such as a signed URL, by PUT.
 * @returns the address to follow what becomes of it; null where there is none
 * @throws ClientError
 */
export async function putFile(client: Client, url: string, file: PutFile): Promise<string | null> {
  const { pathname } = new URL(url)
  if (/\/portorders\/\d+\/?$/.test(pathname)) return await putDocument(client, url, file)
  if (/\/api\/v1\/upload\/?$/.test(pathname)) return await putImport(client, url, file)
  await putBytes(client, url, { ...file, authorize: true })
  return null
}

async function putDocument(client: Client, url: string, file: PutFile): Promise<string | null> {
  const { name: filename, signal } = file
  const at = `${url.replace(/\/$/, '')}/upload_file`
  const { body } = await post(client.transport, at, { json: { filename }, signal })
  const data = asObject(asObject(body).data)
  const to = demandText(asObject(data.attributes).url, 'url', at)
  await putBytes(client, new URL(to, at).href, { ...file, authorize: false })
  return asText(asObject(data.links).self)
}

async function putImport({ transport }: Client, url: string, file: PutFile): Promise<string> {
  const form = new FormData()
  form.set('file', new File([file.bytes], file.name, { type: 'text/csv' }))
  const { body } = await call(transport, {
    url,
    method: 'POST',
    headers: { 'idempotency-key': crypto.randomUUID() },
    body: form,
    signal: file.signal,
    repeatable: false,
  })
  const reference = demandText(asObject(body).referenceId, 'referenceId', url)
  return new URL(`${url.replace(/\/upload\/?$/, '')}/status/${reference}`).href
}

async function putBytes(
  { transport }: Client,
  url: string,
  { bytes, authorize, signal }: PutFile & { authorize: boolean },
): Promise<void> {
  const answered = await transport.send({
    url,
    method: 'PUT',
    body: bytes,
    authorize,
    follow: false,
    signal,
  })
  const { response } = answered
  const text = await drain(response)
  if (response.status >= 300 && response.status < 400) {
    throw new ClientError('refused', 'A redirect is no place to put a file: give its own address.')
  }
  if (!response.ok) throw refusalOf(answered, text)
}
