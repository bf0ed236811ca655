/** How jobs are taken and completed. */
export interface Draining<Job> {
  /** Claims at most so many. */
  take(limit: number): Promise<Job[]>
  complete(job: Job): Promise<unknown>
}

/**
 * Claims and completes all jobs that there are, `concurrency` at once. They are claimed as many at a
 * time as are free, so that a claim costs little, as in graphile-worker's local queue.
 */
export async function drainInBatches<Job>(
  concurrency: number,
  { take, complete }: Draining<Job>,
): Promise<void> {
  const claimed: Job[] = []
  let taking: Promise<boolean> | null = null

  async function refill(): Promise<boolean> {
    const jobs = await take(concurrency)
    claimed.push(...jobs)
    taking = null
    return jobs.length > 0
  }

  async function work(): Promise<void> {
    for (;;) {
      const job = claimed.shift()
      if (job !== undefined) await complete(job)
      else {
        taking ??= refill()
        if (!(await taking) && claimed.length === 0) return
      }
    }
  }

  await Promise.all(Array.from({ length: concurrency }, work))
}
