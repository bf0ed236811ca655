import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import './end-with-parent.ts'
import { bytesOf, filesOf, makingMs } from './content.ts'
import { type Asking, askPatiently } from './patience.ts'

/**
 * A program outside that makes the `outside` downloads. It prints a line for each job whose completion
 * was acknowledged.
 */
const { TEST_URL: url = '', TEST_TOKEN: token = '' } = process.env

interface Work {
  number: number
  attempt: number
  leaseSeconds: number
  info: { tag: string }
}

const lost = new Error('The job is no longer ours.')

/** Jobs that it does at the same time. */
const LANES = 8

await Promise.all(Array.from({ length: LANES }, workOn))

async function workOn(): Promise<never> {
  for (;;) {
    const work = await claim()
    if (work === null) continue
    try {
      await make(work)
    } catch (error) {
      if (error !== lost) throw error
    }
  }
}

async function claim(): Promise<Work | null> {
  const body = { types: ['outside'], worker: `worker ${process.pid}`, wait: 5 }
  const asking = { ...post(body), expect: [200, 204] }
  const response = await askPatiently(`${url}/v1/work/claim`, asking)
  // An answer that is cut leaves a job to nobody, until its lease ends.
  return response.status === 204 ? null : await response.json().catch(() => null)
}

async function make({ number, attempt, info, leaseSeconds }: Work): Promise<void> {
  const place = `${url}/v1/work/${number}`
  const held = { attempt }
  const beatMs = (leaseSeconds * 1000) / 4
  for (let left = makingMs(info.tag); left > 0; left -= beatMs) {
    await step(`${place}/heartbeat`, { ...post(held), expect: [200, 404, 409] })
    await pause(Math.min(left, beatMs))
  }
  for (const file of filesOf(info.tag)) {
    const body = Buffer.concat([...bytesOf(info.tag, file)])
    const digest = createHash('sha256').update(body).digest('base64')
    await step(`${place}/files/${file.name}?attempt=${attempt}`, {
      method: 'PUT',
      headers: { ...signIn(), 'repr-digest': `sha-256=:${digest}:` },
      body,
      expect: [201, 404, 409],
    })
  }
  await step(`${place}/complete`, { ...post(held), expect: [200, 404, 409] })
  console.log(JSON.stringify({ number, attempt }))
}

async function step(to: string, asking: Asking): Promise<void> {
  const response = await askPatiently(to, asking)
  await response.body?.cancel().catch(() => {})
  if (response.status >= 400) throw lost
}

function post(body: object): Omit<Asking, 'expect'> {
  return {
    method: 'POST',
    headers: { ...signIn(), 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }
}

function signIn(): Record<string, string> {
  return { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' }
}
