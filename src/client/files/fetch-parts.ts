import type { Digests } from '../digests.ts'
import { type Filling, fill, type Opened } from './fill.ts'
import { learnLate } from './learn-late.ts'
import type { PartFile, PartState } from './part-file.ts'
import { doneSpans, missingRegions, type Region, stealRegion } from './regions.ts'
import { createRunningHash, hashRest, type RunningHash } from './running-hash.ts'
import type { Transfer } from './transfer.ts'

/**
 * How often the state of a part is written down, in ms: what a crash costs, with up to three blocks of
 * each connection, one that it gathers and two that are being written.
 */
const saveEveryMs = 5000

export interface PartsOptions {
  readonly part: PartFile
  /** What an earlier process left; null: nothing. */
  readonly state: PartState | null
  /** The answer to a request for the whole. */
  readonly first?: Opened | undefined
}

/**
 * Fetches what is missing into a part, by several connections where that pays.
 * What its server knows only when it sent the whole is asked for then.
 * @returns the length and the digests of the whole
 * @throws StartAgain, ClientError; what came stays in the part, and its state is written down
 */
export async function fetchParts(
  transfer: Transfer,
  options: PartsOptions,
): Promise<{ size: number; digests: Digests }> {
  const { part, state } = options
  const regions = missingRegions(state?.spans ?? [], state?.size ?? transfer.known.size)
  const hash = createRunningHash(transfer.options.file.digests, transfer.known.digests)
  const save = async (isLast: boolean) => {
    const found = stateOf(transfer, regions)
    if (found !== null) await part.save(found, { isLast })
  }
  const saver = setInterval(() => void save(false).catch(() => {}), saveEveryMs)
  saver.unref?.()
  try {
    await runConnections(transfer, { ...options, regions, hash })
    const size = regions.reduce((most, { end }) => Math.max(most, end ?? 0), state?.size ?? 0)
    const digests = await hashRest(hash, part.handle, { size, signal: transfer.options.signal })
    // Here, where what came is kept in mind, because it may be interrupted, too.
    await learnLate(transfer)
    return { size, digests }
  } catch (error) {
    // The error says more than one about its record would.
    await save(true).catch(() => {})
    throw error
  } finally {
    clearInterval(saver)
  }
}

interface Run extends PartsOptions {
  readonly regions: Region[]
  readonly hash: RunningHash
}

/**
 * How long one connection may show what it can before others join, in ms. On a fast network the
 * computer is what limits: there, four of them cost a quarter more time than one.
 */
const probeMs = 500

/** Connections join when the first answer has told how long the file is; one that fails ends all. */
async function runConnections(transfer: Transfer, run: Run): Promise<void> {
  const { regions, hash, part } = run
  const stop = new AbortController()
  const unclaimed = [...regions]
  const running: Promise<void>[] = []
  let joined = 0
  let failure: { error: unknown } | null = null

  const filling: Filling = {
    part,
    signal: anySignal(transfer.options.signal, stop.signal),
    onChunk: hash.offer,
    onAnswer() {
      if (transfer.options.enoughRate === Number.POSITIVE_INFINITY) joinAll()
      else probe ??= setInterval(joinUnlessFast, probeMs)
    },
  }
  let probe: NodeJS.Timeout | null = null
  let counted = transfer.counted
  const joinUnlessFast = () => {
    const rate = (transfer.counted - counted) / (probeMs / 1000)
    counted = transfer.counted
    if (rate < transfer.options.enoughRate) joinAll()
  }
  const joinAll = () => {
    while (joined < connectionsFor(transfer)) join()
  }
  const work = async (first?: Opened) => {
    let opened = first
    for (;;) {
      const region = unclaimed.shift() ?? stealRegion(regions)
      if (region === null) return
      await fill(transfer, region, { ...filling, first: opened })
      opened = undefined
    }
  }
  const join = (first?: Opened) => {
    joined += 1
    running.push(
      work(first).catch((error: unknown) => {
        failure ??= { error }
        stop.abort()
      }),
    )
  }
  join(run.first)
  // More may join while these are awaited.
  for (let index = 0; index < running.length; index += 1) await running[index]
  clearInterval(probe ?? undefined)
  const failed = failure as { error: unknown } | null
  if (failed !== null) throw failed.error
}

function connectionsFor({ options, known, hasNoRanges }: Transfer): number {
  const { size, hasRanges, etag, isCoded } = known
  if (size === null || size < options.splitBytes || isCoded) return 1
  if (!hasRanges || hasNoRanges) return 1
  // Parts that nothing vouches for are not put together.
  const isVouched = etag !== null || Object.keys(options.file.digests).length > 0
  return isVouched ? options.connections : 1
}

/** null: nothing that another process could go on with. */
function stateOf({ known, options }: Transfer, regions: Region[]): PartState | null {
  const { etag, origin, size, isCoded } = known
  if (isCoded) return null
  return { id: options.file.id, etag, origin, size, spans: doneSpans(regions, size) }
}

function anySignal(one: AbortSignal | undefined, other: AbortSignal): AbortSignal {
  return one === undefined ? other : AbortSignal.any([one, other])
}
