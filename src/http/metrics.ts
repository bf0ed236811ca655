import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Core } from '../core/core.ts'
import { isServerQueue } from '../core/jobs/jobs.ts'
import { countJobs } from '../core/jobs/list-jobs.ts'

/** Counts what the server does, for Prometheus. */
export interface Metrics {
  /** @param api the API's folder, or `files` for signed URLs */
  request(api: string, status: number, milliseconds: number): void
  bytesSent(bytes: number): void
  jobEnded(kind: string, outcome: string): void
  /** The text exposition format, version 0.0.4. */
  render(core: Core): Promise<string>
  close(): void
}

/** Upper bounds of the latency histogram, in seconds. */
const BOUNDS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10] as const

/** Counters that begin at 0 with the process, as Prometheus expects. */
export function createMetrics(): Metrics {
  const requests = new Map<string, Map<number, number>>()
  const buckets = BOUNDS.map(() => 0)
  const jobs = new Map<string, number>()
  let requestCount = 0
  let requestSeconds = 0
  let bytes = 0
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()

  return {
    request(api, status, milliseconds) {
      const byStatus = requests.get(api) ?? new Map<number, number>()
      byStatus.set(status, (byStatus.get(status) ?? 0) + 1)
      requests.set(api, byStatus)
      const seconds = milliseconds / 1000
      requestCount += 1
      requestSeconds += seconds
      const bucket = BOUNDS.findIndex((bound) => seconds <= bound)
      if (bucket >= 0) buckets[bucket] = (buckets[bucket] ?? 0) + 1
    },
    bytesSent(count) {
      bytes += count
    },
    jobEnded(kind, outcome) {
      const labels = `kind="${kind}",outcome="${outcome}"`
      jobs.set(labels, (jobs.get(labels) ?? 0) + 1)
    },
    async render(core) {
      const waiting = await countJobs(core)
      return [
        ...family('claimcheck_requests_total', 'counter', 'Answered requests.', [
          ...[...requests].flatMap(([api, byStatus]) =>
            [...byStatus].map(([status, value]) => ({
              labels: `api="${api}",status="${status}"`,
              value,
            })),
          ),
        ]),
        ...histogram(buckets, requestCount, requestSeconds),
        ...family('claimcheck_bytes_sent_total', 'counter', 'Bytes of files sent.', [
          { labels: '', value: bytes },
        ]),
        ...family(
          'claimcheck_jobs_ended_total',
          'counter',
          'Attempts that ended on this node.',
          [...jobs].map(([labels, value]) => ({ labels, value })),
        ),
        ...family(
          'claimcheck_jobs',
          'gauge',
          'Jobs that wait or run, on all nodes.',
          [...byWorker(waiting)].map(([labels, value]) => ({ labels, value })),
        ),
        ...family('process_resident_memory_bytes', 'gauge', 'Resident memory.', [
          { labels: '', value: process.memoryUsage.rss() },
        ]),
        ...family(
          'nodejs_eventloop_delay_p99_seconds',
          'gauge',
          'The 99th percentile of the event loop delay.',
          [{ labels: '', value: delay.percentile(99) / 1e9 }],
        ),
        '',
      ].join('\n')
    },
    close() {
      delay.disable()
    },
  }
}

/** Queues of outside work name organization and type: too many for labels. */
function byWorker(
  waiting: readonly { queue: string; state: string; count: number }[],
): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { queue, state, count } of waiting) {
    const labels = `queue="${isServerQueue(queue) ? queue : 'outside'}",state="${state}"`
    sums.set(labels, (sums.get(labels) ?? 0) + count)
  }
  return sums
}

function family(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  samples: readonly { labels: string; value: number }[],
): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(({ labels, value }) => `${name}${labels === '' ? '' : `{${labels}}`} ${value}`),
  ]
}

function histogram(buckets: readonly number[], count: number, sum: number): string[] {
  const name = 'claimcheck_request_seconds'
  return [
    `# HELP ${name} How long requests took.`,
    `# TYPE ${name} histogram`,
    ...BOUNDS.map((bound, index) => `${name}_bucket{le="${bound}"} ${upTo(buckets, index)}`),
    `${name}_bucket{le="+Inf"} ${count}`,
    `${name}_sum ${sum}`,
    `${name}_count ${count}`,
  ]
}

/** Prometheus counts each request in every bucket that is wide enough. */
function upTo(buckets: readonly number[], index: number): number {
  return buckets.slice(0, index + 1).reduce((sum, count) => sum + count, 0)
}
