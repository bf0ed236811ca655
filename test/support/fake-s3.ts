import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { type FakeAnswer, FakeBucket, type FakeRequest } from './fake-s3-bucket.ts'
import { S3Refusal } from './fake-s3-refusal.ts'
import { verifySignature } from './fake-s3-signature.ts'

/** What goes wrong with a request. */
export type Fault =
  /** The store refuses: `503 SlowDown`. */
  | { answer: number; code: string; retryAfter?: number }
  /** The connection is cut after so many bytes of the answer's body; before anything was done at `null`. */
  | { cutAfter: number | null }
  /** The work is done, and the connection is cut instead of the answer. */
  | { loseAnswer: true }
  /** A clean end so many bytes too early, with the length of what came. */
  | { truncateBy: number }
  /** After so many bytes of the body nothing moves any more. */
  | { stallAfter: number }
  /** The answer comes so late, in ms. */
  | { pauseFor: number }
  /** The bytes arrive as others than were sent, and the digest is that of those. */
  | { wrongEtag: true }
  /** 200, and then an error in the body: S3's CompleteMultipartUpload does it. */
  | { lateError: string }

export interface FaultPlan {
  when(request: FakeRequest): boolean
  /** How often it strikes; for ever when left out. */
  times?: number
  fault: Fault
}

/** A strict S3 store in memory for one bucket, which does wrong when it is told to. */
export interface FakeS3 {
  readonly endpoint: string
  readonly bucket: FakeBucket
  /** For `CLAIMCHECK_STORAGE_URL` and the credentials that belong to it. */
  readonly environment: Record<string, string>
  /** `GET key`, in the order in which they came, faults too. */
  readonly requests: string[]
  /** Connections that are open now. */
  connections(): Promise<number>
  plan(plan: FaultPlan): void
  /** How long the store says that it keeps connections, in ms. */
  keepAlive(milliseconds: number): void
}

const fakeBucketName = 'claimcheck-test'

export async function startFakeS3(t: Pick<TestContext, 'after'>): Promise<FakeS3> {
  const bucket = new FakeBucket()
  const accessKeyId = 'AKIAFAKESTORE'
  const secretAccessKey = randomBytes(30).toString('base64')
  const keys = { accessKeyId, secretAccessKey, region: 'eu-test-1', now: () => bucket.now() }
  const requests: string[] = []
  const plans: FaultPlan[] = []

  const server = createServer((incoming, response) => {
    void serve(incoming, response).catch(() => response.destroy())
  })

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const url = new URL(incoming.url ?? '', 'http://fake')
    const [, name, ...rest] = decodeURIComponent(url.pathname).split('/')
    const { method = '', headers } = incoming
    const request = { method, key: rest.join('/'), query: url.searchParams, headers, body }
    requests.push(`${method} ${request.key}`)
    const plan = plans.find((one) => (one.times ?? 1) > 0 && one.when(request))
    if (plan?.times !== undefined) plan.times -= 1
    const fault = plan?.fault ?? null
    if (fault !== null && 'cutAfter' in fault && fault.cutAfter === null) {
      response.destroy()
      return
    }
    if (fault !== null && 'pauseFor' in fault) await pause(fault.pauseFor)
    send(response, { method, fault }, () => {
      verifySignature(incoming, body, keys)
      if (name !== fakeBucketName) throw new S3Refusal(404, 'NoSuchBucket')
      if (fault !== null && 'answer' in fault) throw new S3Refusal(fault.answer, fault.code)
      if (fault !== null && 'lateError' in fault) return lateError(fault.lateError)
      return bucket.answer(request)
    })
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    endpoint,
    bucket,
    requests,
    environment: {
      CLAIMCHECK_STORAGE_URL: `s3://${fakeBucketName}/some/place?endpoint=${endpoint}&region=${keys.region}`,
      CLAIMCHECK_S3_ACCESS_KEY_ID: accessKeyId,
      CLAIMCHECK_S3_SECRET_ACCESS_KEY: secretAccessKey,
    },
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
      }),
    plan: (plan) => void plans.unshift(plan),
    keepAlive(milliseconds) {
      server.keepAliveTimeout = milliseconds
    },
  }
}

function send(
  response: ServerResponse,
  { method, fault }: { method: string; fault: Fault | null },
  work: () => FakeAnswer,
): void {
  const { status, headers, body } = withFault(answerOf(work, fault), fault)
  if (fault !== null && 'loseAnswer' in fault) {
    response.destroy()
    return
  }
  response.writeHead(status, headers)
  if (method === 'HEAD') {
    response.end()
  } else if (fault !== null && 'cutAfter' in fault) {
    response.write(body.subarray(0, fault.cutAfter ?? 0), () => response.destroy())
  } else if (fault !== null && 'stallAfter' in fault) {
    response.write(body.subarray(0, fault.stallAfter))
  } else {
    response.end(body)
  }
}

function answerOf(work: () => FakeAnswer, fault: Fault | null): FakeAnswer {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof S3Refusal)) throw error
    const body = Buffer.from(`<Error><Code>${error.code}</Code><Message></Message></Error>`)
    const after = fault !== null && 'answer' in fault ? fault.retryAfter : undefined
    return {
      status: error.status,
      headers: {
        'Content-Type': 'application/xml',
        'Content-Length': body.length,
        ...(after === undefined ? {} : { 'Retry-After': after }),
      },
      body,
    }
  }
}

function withFault(answer: FakeAnswer, fault: Fault | null): FakeAnswer {
  if (fault === null) return answer
  if ('wrongEtag' in fault) {
    return { ...answer, headers: { ...answer.headers, ETag: `"${'0'.repeat(32)}"` } }
  }
  if ('truncateBy' in fault) {
    const body = answer.body.subarray(0, -fault.truncateBy)
    return { ...answer, headers: { ...answer.headers, 'Content-Length': body.length }, body }
  }
  return answer
}

function lateError(code: string): FakeAnswer {
  const body = Buffer.from(`<Error><Code>${code}</Code></Error>`)
  return { status: 200, headers: { 'Content-Length': body.length }, body }
}
