import { randomBytes } from 'node:crypto'
import { newId } from '../../core/ids.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { type Finding, findingsOf, sentenceOf } from './finding.ts'

/** Large enough to go the way of files, small enough to cost nothing. */
const SIZE = 100_000
/** S3 refuses signatures that are 15 minutes off. */
const [WARN_SKEW_MS, FAIL_SKEW_MS] = [60_000, 600_000]

/** Puts an object, reads it back, and takes it away. */
export async function* checkStore(store: ObjectStore): AsyncGenerator<Finding> {
  const { ok, fail } = findingsOf('store')
  const key = `doctor/${newId(Date.now())}`
  const bytes = randomBytes(SIZE)
  const before = Date.now()
  try {
    await store.put(key, once(bytes))
    const read: Buffer[] = []
    const span = { start: 10, end: SIZE }
    for await (const chunk of store.read(key, span)) read.push(Buffer.from(chunk))
    if (Buffer.compare(Buffer.concat(read), bytes.subarray(10)) !== 0) {
      yield fail('What was put there is not what comes back.', 'Do not use this store.')
      return
    }
    const stat = await store.stat(key)
    yield ok(`It takes, gives back and finds an object (${Date.now() - before} ms).`)
    if (stat !== null) yield checkClock(stat.modifiedAt, before)
  } catch (error) {
    yield fail(
      sentenceOf(error),
      'Check CLAIMCHECK_STORAGE_URL, and the rights of this user there.',
    )
  } finally {
    // What is left behind is an orphan, which the sweep takes.
    await store.remove(key).catch(() => {})
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

function checkClock(modifiedAt: number, before: number): Finding {
  const { ok, warn, fail } = findingsOf('store-clock')
  // It tells whole seconds, and was asked somewhere between two readings of ours.
  const skew =
    modifiedAt < before - 1000 ? modifiedAt - before : Math.max(0, modifiedAt - Date.now())
  const seconds = Math.round(Math.abs(skew) / 1000)
  if (seconds * 1000 < WARN_SKEW_MS) return ok(`Its clock and this node's agree (${seconds} s).`)
  const seen = `Its clock is ${seconds} s ${skew < 0 ? 'behind' : 'ahead of'} this node's.`
  const todo = 'Let NTP set both: buckets refuse signatures that are 15 minutes off.'
  return Math.abs(skew) < FAIL_SKEW_MS ? warn(seen, todo) : fail(seen, todo)
}
