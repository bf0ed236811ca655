import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { processorSeconds } from './processor-time.ts'

const run = promisify(execFile)

export interface Load {
  url: string
  connections: number
  milliseconds: number
  headers?: Record<string, string>
  /** Sent by POST; GET when left out. */
  body?: string
  /** Counts bytes instead of requests. */
  inBytes?: boolean
}

/**
 * Asks for one URL again and again from a process of its own, every connection with one request under way, and returns
 * the requests a second. GETs by wrk where it is installed, because it asks faster than Node can; else by a load generator of ours.
 * @throws Error when any answer was not a 2xx
 */
export async function requestsPerSecond(load: Load): Promise<number> {
  if (load.body === undefined && isOnPath('wrk', '-v')) return await byWrk(load)
  const { requests, seconds } = await byProcess(load)
  return requests / seconds
}

/** The same in bytes, for long files; always by ours: wrk reads 8 KiB at a time, which would be what is measured. */
async function bytesPerSecond(load: Load): Promise<number> {
  const { bytes, seconds } = await byProcess(load)
  return bytes / seconds
}

export function isOnPath(program: string, flag: string): boolean {
  return spawnSync(program, [flag]).error === undefined
}

async function byWrk({ url, connections, milliseconds, headers = {} }: Load): Promise<number> {
  // It takes whole seconds only.
  const words = ['-t1', `-c${connections}`, `-d${Math.ceil(milliseconds / 1000)}s`]
  for (const [name, value] of Object.entries(headers)) words.push('-H', `${name}: ${value}`)
  const { stdout } = await run('wrk', [...words, url])
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${url}: wrk had errors:\n${stdout}`)
  return Number(/Requests\/sec:\s*([\d.]+)/.exec(stdout)?.[1])
}

async function byProcess(
  load: Load,
): Promise<{ requests: number; bytes: number; seconds: number }> {
  const script = join(import.meta.dirname, 'load-process.ts')
  const { stdout } = await run(process.execPath, [script, JSON.stringify(load)])
  return JSON.parse(stdout)
}

/** What one server did in one round. */
export interface Sample {
  readonly perSecond: number
  /**
   * Processor time of the server for each of what it did, in µs, without that of the load. On a machine
   * that does other work as well this is steadier than the rate.
   */
  readonly cost: number
}

/** Puts a load on a process and reads what processor time that cost it. */
export async function sample(pid: number, load: Load): Promise<Sample> {
  const perSecondOf = load.inBytes ? bytesPerSecond : requestsPerSecond
  const before = processorSeconds(pid)
  const perSecond = await perSecondOf(load)
  const spent = processorSeconds(pid) - before
  return { perSecond, cost: (spent * 1e6) / ((perSecond * load.milliseconds) / 1000) }
}

/** Until Node has compiled what runs: a server is not measured by its first thousands of requests. */
const WARM_UP_ROUNDS = 4

/** Takes turns, so that what else the machine does hits all alike; the medians of each. */
export async function inTurns<Name extends string>(
  rounds: number,
  measures: Readonly<Record<Name, () => Promise<Sample>>>,
  warmUpRounds = WARM_UP_ROUNDS,
): Promise<Record<Name, Sample>> {
  const all = Object.entries(measures) as [Name, () => Promise<Sample>][]
  const taken = new Map<Name, Sample[]>()
  for (let round = 0; round < warmUpRounds + rounds; round += 1) {
    for (const [name, measure] of all) {
      tell(`round ${round + 1} of ${warmUpRounds + rounds}: ${name}`)
      const sampled = await measure()
      if (round >= warmUpRounds) taken.set(name, [...(taken.get(name) ?? []), sampled])
    }
  }
  tell('')
  const medians = [...taken].map(([name, samples]) => [
    name,
    {
      perSecond: median(samples.map(({ perSecond }) => perSecond)),
      cost: median(samples.map(({ cost }) => cost)),
    },
  ])
  return Object.fromEntries(medians) as Record<Name, Sample>
}

/** On a terminal, where one sits and waits: one line, written over again and again. */
function tell(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
