import { createHash, randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { S3Refusal } from './fake-s3-refusal.ts'

export interface FakeObject {
  bytes: Buffer
  etag: string
  modifiedAt: Date
  /** `x-amz-meta-…` and what else was said when it came. */
  headers: Record<string, string>
  storageClass: string
  restoration: 'none' | 'running' | 'done'
}

interface FakeUpload {
  key: string
  initiatedAt: Date
  headers: Record<string, string>
  parts: Map<number, { bytes: Buffer; etag: string; modifiedAt: Date }>
}

export interface FakeRequest {
  method: string
  key: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface FakeAnswer {
  status: number
  headers: Record<string, string | number>
  body: Buffer
}

/** One bucket in memory, as strict as Amazon's where it matters to us. */
export class FakeBucket {
  readonly objects = new Map<string, FakeObject>()
  readonly uploads = new Map<string, FakeUpload>()
  /** Objects, uploads and parts in one page of a listing. */
  pageSize = 1000
  now = Date.now

  answer(request: FakeRequest): FakeAnswer {
    const { method, key, query, headers, body } = request
    const md5 = createHash('md5').update(body)
    if (headers['content-md5'] && headers['content-md5'] !== md5.digest('base64')) {
      throw new S3Refusal(400, 'BadDigest')
    }
    if (key === '') return this.#answerBucket(request)
    if (query.has('uploads') && method === 'POST') return this.#begin(request)
    if (query.has('uploadId')) return this.#answerUpload(request)
    if (query.has('restore') && method === 'POST') return this.#restore(key)
    if (method === 'PUT') {
      const object = this.#keep(key, body, { headers: keptOf(headers), etag: quotedMd5(body) })
      return xml('', { ETag: object.etag })
    }
    if (method === 'DELETE') {
      this.objects.delete(key)
      return { status: 204, headers: {}, body: Buffer.alloc(0) }
    }
    if (method === 'GET' || method === 'HEAD') return this.#read(request)
    throw new S3Refusal(405, 'MethodNotAllowed')
  }

  /** Every restoration that was asked for is done. */
  finishRestorations(): void {
    for (const object of this.objects.values()) {
      if (object.restoration === 'running') object.restoration = 'done'
    }
  }

  #keep(key: string, bytes: Buffer, facts: Pick<FakeObject, 'headers' | 'etag'>): FakeObject {
    const object: FakeObject = {
      ...{ bytes, ...facts, modifiedAt: new Date(this.now()) },
      ...{ storageClass: 'STANDARD', restoration: 'none' as const },
    }
    this.objects.set(key, object)
    return object
  }

  #find(key: string): FakeObject {
    const object = this.objects.get(key)
    if (object === undefined) throw new S3Refusal(404, 'NoSuchKey')
    return object
  }

  #read({ method, key, query, headers }: FakeRequest): FakeAnswer {
    const object = this.#find(key)
    const { etag, bytes } = object
    if (headers['if-match'] !== undefined && headers['if-match'] !== etag) {
      throw new S3Refusal(412, 'PreconditionFailed')
    }
    const isCold = object.storageClass !== 'STANDARD'
    if (method === 'GET' && isCold && object.restoration !== 'done') {
      throw new S3Refusal(403, 'InvalidObjectState')
    }
    const all: Record<string, string | number> = {
      ...object.headers,
      ETag: etag,
      'Last-Modified': object.modifiedAt.toUTCString(),
      'Accept-Ranges': 'bytes',
      'Content-Type': query.get('response-content-type') ?? 'binary/octet-stream',
      'Content-Length': bytes.length,
    }
    const disposition = query.get('response-content-disposition')
    if (disposition !== null) all['Content-Disposition'] = disposition
    if (isCold) all['x-amz-storage-class'] = object.storageClass
    if (object.restoration !== 'none') {
      all['x-amz-restore'] = `ongoing-request="${object.restoration === 'running'}"`
    }
    const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '')
    if (range === null) return { status: 200, headers: all, body: bytes }
    const start = Number(range[1])
    const end = Math.min(bytes.length, range[2] === '' ? bytes.length : Number(range[2]) + 1)
    if (start >= bytes.length) throw new S3Refusal(416, 'InvalidRange')
    const part = { 'Content-Range': `bytes ${start}-${end - 1}/${bytes.length}` }
    const body = bytes.subarray(start, end)
    return { status: 206, headers: { ...all, ...part, 'Content-Length': body.length }, body }
  }

  #answerBucket({ method, query }: FakeRequest): FakeAnswer {
    if (method === 'HEAD') return xml('')
    if (method !== 'GET') throw new S3Refusal(405, 'MethodNotAllowed')
    return query.has('uploads') ? this.#listUploads(query) : this.#listObjects(query)
  }

  #listObjects(query: URLSearchParams): FakeAnswer {
    if (query.get('list-type') !== '2') throw new S3Refusal(501, 'NotImplemented')
    const after = Buffer.from(query.get('continuation-token') ?? '', 'base64').toString()
    const keys = [...this.objects.keys()]
      .filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after)
      .sort()
    const page = keys.slice(0, Math.min(this.pageSize, Number(query.get('max-keys') ?? 1000)))
    const items = page.map((key) => {
      const { bytes, etag, modifiedAt } = this.#find(key)
      return `<Contents><Key>${key}</Key><LastModified>${modifiedAt.toISOString()}</LastModified><ETag>${etag.replaceAll('"', '&quot;')}</ETag><Size>${bytes.length}</Size></Contents>`
    })
    const last = page.at(-1) ?? ''
    const more = page.length < keys.length
    const token = more
      ? `<NextContinuationToken>${Buffer.from(last).toString('base64')}</NextContinuationToken>`
      : ''
    return xml(
      `<ListBucketResult><IsTruncated>${more}</IsTruncated>${token}${items.join('')}</ListBucketResult>`,
    )
  }

  #listUploads(query: URLSearchParams): FakeAnswer {
    const after = query.get('upload-id-marker') ?? ''
    const ids = [...this.uploads.keys()].sort().filter((id) => id > after)
    const page = ids
      .slice(0, this.pageSize)
      .filter((id) => this.uploads.get(id)?.key.startsWith(query.get('prefix') ?? ''))
    const items = page.map((id) => {
      const { key = '', initiatedAt = new Date() } = this.uploads.get(id) ?? {}
      return `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${initiatedAt.toISOString()}</Initiated></Upload>`
    })
    const more = this.pageSize < ids.length
    return xml(
      `<ListMultipartUploadsResult><IsTruncated>${more}</IsTruncated><NextKeyMarker>x</NextKeyMarker><NextUploadIdMarker>${ids[this.pageSize - 1] ?? ''}</NextUploadIdMarker>${items.join('')}</ListMultipartUploadsResult>`,
    )
  }

  #begin({ key, headers }: FakeRequest): FakeAnswer {
    const id = randomUUID()
    const initiatedAt = new Date(this.now())
    this.uploads.set(id, { key, initiatedAt, headers: keptOf(headers), parts: new Map() })
    return xml(
      `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
    )
  }

  #answerUpload(request: FakeRequest): FakeAnswer {
    const { method, query, body } = request
    const id = query.get('uploadId') ?? ''
    const upload = this.uploads.get(id)
    if (upload === undefined || upload.key !== request.key) {
      throw new S3Refusal(404, 'NoSuchUpload')
    }
    if (method === 'PUT') {
      const number = Number(query.get('partNumber'))
      if (!(number >= 1 && number <= 10_000)) throw new S3Refusal(400, 'InvalidArgument')
      const etag = quotedMd5(body)
      upload.parts.set(number, { bytes: body, etag, modifiedAt: new Date(this.now()) })
      return xml('', { ETag: etag })
    }
    if (method === 'DELETE') {
      this.uploads.delete(id)
      return { status: 204, headers: {}, body: Buffer.alloc(0) }
    }
    if (method === 'GET') return this.#listParts(upload, query)
    return this.#complete(id, upload, body)
  }

  #listParts(upload: FakeUpload, query: URLSearchParams): FakeAnswer {
    const after = Number(query.get('part-number-marker') ?? 0)
    const numbers = [...upload.parts.keys()].sort((a, b) => a - b).filter((one) => one > after)
    const page = numbers.slice(0, this.pageSize)
    const items = page.map(
      (number) =>
        `<Part><PartNumber>${number}</PartNumber><LastModified>${upload.parts.get(number)?.modifiedAt.toISOString()}</LastModified></Part>`,
    )
    return xml(
      `<ListPartsResult><IsTruncated>${page.length < numbers.length}</IsTruncated><NextPartNumberMarker>${page.at(-1) ?? 0}</NextPartNumberMarker>${items.join('')}</ListPartsResult>`,
    )
  }

  #complete(id: string, upload: FakeUpload, body: Buffer): FakeAnswer {
    const asked = [
      ...String(body).matchAll(
        /<Part><PartNumber>(\d+)<\/PartNumber><ETag>(?:&#34;|&quot;|")?([0-9a-f]+)/g,
      ),
    ]
    const parts = asked.map(([, number, etag], index) => {
      const part = upload.parts.get(Number(number))
      if (part === undefined || part.etag !== `"${etag}"`) throw new S3Refusal(400, 'InvalidPart')
      const before = Number(asked[index - 1]?.[1] ?? 0)
      if (Number(number) <= before) throw new S3Refusal(400, 'InvalidPartOrder')
      // Amazon's rule for every part but the last.
      if (index < asked.length - 1 && part.bytes.length < 5 * 1024 * 1024) {
        throw new S3Refusal(400, 'EntityTooSmall')
      }
      return part
    })
    if (parts.length === 0) throw new S3Refusal(400, 'MalformedXML')
    const digests = parts.map(({ etag }) => Buffer.from(etag.slice(1, -1), 'hex'))
    const digest = createHash('md5').update(Buffer.concat(digests)).digest('hex')
    const etag = `"${digest}-${parts.length}"`
    this.uploads.delete(id)
    const bytes = Buffer.concat(parts.map((part) => part.bytes))
    this.#keep(upload.key, bytes, { headers: upload.headers, etag })
    return xml(
      `<CompleteMultipartUploadResult><ETag>${etag}</ETag></CompleteMultipartUploadResult>`,
    )
  }

  #restore(key: string): FakeAnswer {
    const object = this.#find(key)
    if (object.storageClass === 'STANDARD') throw new S3Refusal(403, 'InvalidObjectState')
    if (object.restoration === 'running') throw new S3Refusal(409, 'RestoreAlreadyInProgress')
    object.restoration = 'running'
    return { status: 202, headers: {}, body: Buffer.alloc(0) }
  }
}

function keptOf(headers: IncomingHttpHeaders): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) =>
    /^x-amz-(meta-|server-side-encryption)/.test(name),
  )
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]))
}

function quotedMd5(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`
}

function xml(text: string, headers: Record<string, string> = {}): FakeAnswer {
  const body = Buffer.from(text)
  return {
    status: 200,
    headers: { 'Content-Type': 'application/xml', 'Content-Length': body.length, ...headers },
    body,
  }
}
