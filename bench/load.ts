import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Load {
  url: string
  connections: number
  milliseconds: number
  headers?: Record<string, string>
  /** Sent by POST; GET when left out. */
  body?: string
}

/**
 * Asks for one URL again and again from a process of its own, every connection with one request under way, and returns
 * the requests a second. By wrk where it is installed, else by a load generator of ours.
 * @throws Error when any answer was not a 2xx
 */
export async function requestsPerSecond(load: Load): Promise<number> {
  const script = new URL('./load-process.ts', import.meta.url).pathname
  const { stdout } = await run(process.execPath, [script, JSON.stringify(load)])
  const { requests, seconds } = JSON.parse(stdout) as { requests: number; seconds: number }
  return requests / seconds
}

/** Takes turns, so that what else the machine does hits all alike; the median of each. */
export async function inTurns<Name extends string>(
  rounds: number,
  measures: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Record<Name, number>> {
  const names = Object.keys(measures) as Name[]
  const taken = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    number[]
  >
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) taken[name].push(await measures[name]())
  }
  return Object.fromEntries(names.map((name) => [name, median(taken[name])])) as Record<
    Name,
    number
  >
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
