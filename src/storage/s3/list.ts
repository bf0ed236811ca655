import { isObjectKey } from '../object-key.ts'
import type { ObjectStat } from '../object-store.ts'
import type { S3Client } from './client.ts'
import { abortUpload } from './multipart.ts'
import { StoreRefusal } from './refusal.ts'
import { readElement, readElements } from './xml.ts'

/** The objects whose keys begin with the prefix, page by page; what is not ours is passed over. */
export async function* listObjects(client: S3Client, prefix: string): AsyncGenerator<ObjectStat> {
  const before = client.address.prefix
  let token: string | null = null
  do {
    const query: Record<string, string> = { 'list-type': '2', prefix: before + prefix }
    if (token !== null) query['continuation-token'] = token
    const { text } = await client.ask({ method: 'GET', query })
    for (const object of readElements(text, 'Contents')) {
      const key = (readElement(object, 'Key') ?? '').slice(before.length)
      const modifiedAt = Date.parse(readElement(object, 'LastModified') ?? '')
      if (isObjectKey(key)) yield { key, size: Number(readElement(object, 'Size')), modifiedAt }
    }
    token = readElement(text, 'NextContinuationToken')
  } while (token !== null)
}

/** Takes back the uploads in parts that nobody has added to since `before` (ms); returns how many. */
export async function abortAbandoned(client: S3Client, before: number): Promise<number> {
  let aborted = 0
  let markers: Record<string, string> | null = {}
  while (markers !== null) {
    const query = { uploads: '', prefix: client.address.prefix, ...markers }
    const { text }: { text: string } = await client.ask({ method: 'GET', query })
    for (const upload of readElements(text, 'Upload')) {
      const key = (readElement(upload, 'Key') ?? '').slice(client.address.prefix.length)
      const id = readElement(upload, 'UploadId') ?? ''
      const begun = Date.parse(readElement(upload, 'Initiated') ?? '')
      if (!isObjectKey(key) || begun >= before) continue
      if ((await lastTouched(client, key, id)) >= before) continue
      if (await abortUpload(client, { key, id })) aborted += 1
    }
    markers = nextMarkers(text)
  }
  return aborted
}

function nextMarkers(text: string): Record<string, string> | null {
  if (readElement(text, 'IsTruncated') !== 'true') return null
  return {
    'key-marker': readElement(text, 'NextKeyMarker') ?? '',
    'upload-id-marker': readElement(text, 'NextUploadIdMarker') ?? '',
  }
}

async function lastTouched(client: S3Client, key: string, id: string): Promise<number> {
  try {
    return await lastPartAt(client, key, id)
  } catch (error) {
    // Completed or aborted since it was listed.
    if (error instanceof StoreRefusal && error.status === 404) return Number.POSITIVE_INFINITY
    throw error
  }
}

/** When the last part came: an upload may be long begun and still be written. */
async function lastPartAt(client: S3Client, key: string, uploadId: string): Promise<number> {
  let last = Number.NEGATIVE_INFINITY
  let marker: string | null = '0'
  while (marker !== null) {
    const query = { uploadId, 'part-number-marker': marker }
    const { text }: { text: string } = await client.ask({ method: 'GET', key, query })
    for (const part of readElements(text, 'Part')) {
      last = Math.max(last, Date.parse(readElement(part, 'LastModified') ?? ''))
    }
    const isMore = readElement(text, 'IsTruncated') === 'true'
    marker = isMore ? readElement(text, 'NextPartNumberMarker') : null
  }
  return last
}
