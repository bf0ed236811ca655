import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { startPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'
import { check } from './check.ts'
import { type Cluster, canFillDisks, startCluster } from './cluster.ts'
import { visit } from './customer.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { type FaultKind, makePlan, type PlanSize, type Round } from './plan.ts'
import { startChaosStore } from './store.ts'
import { describeFault, strike } from './strike.ts'

export interface ChaosSize extends Omit<PlanSize, 'without'> {
  readonly clients: number
  /** Shorter than who is paused is away, so that somebody else takes their work. */
  readonly leaseSeconds: number
  readonly store: 'real' | 'fake'
}

/**
 * Lets customers work while everything goes wrong by a plan, and checks at the end that nothing was
 * lost, doubled or damaged. What fails says so with the seed and with what had gone wrong when.
 */
export async function runChaos(t: TestContext, seed: string, size: ChaosSize): Promise<void> {
  const database = await startPostgres(t)
  if (database === null) return
  const without: FaultKind[] = canFillDisks() ? [] : ['fill the disk of a node']
  const plan = makePlan(seed, { ...size, without })
  const ledger = createLedger()
  t.diagnostic(`CLAIMCHECK_CHAOS_SEED=${seed}${without.length > 0 ? `, without: ${without}` : ''}`)
  const store = await startChaosStore(t, size.store)
  const cluster = await startCluster(t, { ...size, database, store, ledger })
  try {
    await runPlan(cluster, { seed, plan, clients: size.clients, ledger })
    ledger.note('all customers have what they asked for')
    for (const worker of cluster.workers) await worker.kill()
    const codes = await Promise.all(cluster.nodes.map((node) => node.stop()))
    assert.deepEqual(new Set(codes), new Set([0]), 'a node did not stop by itself')
    await check((await cluster.open()).core, ledger)
  } catch (cause) {
    ledger.note(cause instanceof Error ? cause.message : String(cause))
    const open = await describeOpen(cluster).catch((error: Error) => error.message)
    const said = [...cluster.nodes, ...cluster.workers].map(
      (one) => `${one.name} said at last:\n${one.errors().slice(-2000)}`,
    )
    const lines = [`CLAIMCHECK_CHAOS_SEED=${seed}`, ...ledger.timeline, open, ...said]
    throw new Error(lines.join('\n'), { cause })
  }
  for (const line of [...ledger.timeline, sumUp(ledger)]) t.diagnostic(line)
}

interface Course {
  readonly seed: string
  readonly plan: readonly Round[]
  readonly clients: number
  readonly ledger: Ledger
}

/** Customers come until the plan is over, and stay until they have everything; the first flaw ends it all. */
async function runPlan(cluster: Cluster, { seed, plan, clients, ledger }: Course): Promise<void> {
  let isOver = false
  const failed = new AbortController()
  let struck: Promise<unknown> = Promise.resolve()
  const customers = Array.from({ length: clients }, async (_, index) => {
    const account = cluster.accounts[index % cluster.accounts.length]
    assert.ok(account)
    const customer = { ...account, signal: failed.signal }
    for (let count = 0; !isOver; count++) {
      const tag = `${seed}/${index}/${count}`
      await visit({ url: cluster.url, customer, ledger, tag })
    }
  })
  const faults = async () => {
    for (const round of plan) {
      // Before anything else goes wrong, all is well again: nodes are ready and customers are served.
      const before = countEnded(ledger)
      await until('all nodes are ready', cluster.isReady)
      await until('customers are served', () => isOver || countEnded(ledger) > before + clients / 4)
      if (isOver) return
      struck = Promise.all(
        round.map(async (fault) => {
          ledger.note(describeFault(fault))
          await strike(cluster, fault)
        }),
      )
      await struck
      ledger.note(`mended; ${countEnded(ledger)} of ${ledger.tickets.length} have ended`)
    }
    await until('all nodes are ready', cluster.isReady)
    isOver = true
  }
  try {
    await Promise.race([Promise.all([faults(), ...customers]), cluster.fallen])
  } finally {
    isOver = true
    failed.abort()
    // What strikes puts things right at its end, and nothing may be started after the test.
    await struck.catch(() => {})
  }
}

function countEnded({ tickets }: Ledger): number {
  return tickets.filter(({ end }) => end !== null).length
}

/** Jobs that are not over, for whoever looks for the flaw. */
async function describeOpen(cluster: Cluster): Promise<string> {
  const { core } = await cluster.open()
  const rows = await core.database.kysely
    .selectFrom('jobs')
    .innerJoin('deliveries', 'deliveries.number', 'jobs.delivery_number')
    .select(['deliveries.id', 'deliveries.type', 'jobs.number', 'jobs.state', 'jobs.attempt'])
    .select(['jobs.worker', 'jobs.message', 'jobs.claimable_at'])
    .where('jobs.claimable_at', 'is not', null)
    .orderBy('jobs.number')
    .limit(20)
    .execute()
  const now = core.database.now()
  return rows
    .map((row) => JSON.stringify({ ...row, claimable_at: (row.claimable_at ?? now) - now }))
    .join('\n')
}

function sumUp({ tickets, completions }: Ledger): string {
  const ended = (end: 'done' | 'failed') => tickets.filter((one) => one.end === end)
  const done = ended('done')
  const unlucky = ended('failed').filter(({ type }) => type !== 'doomed').length
  const megabytes = done.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6
  return `${tickets.length} acknowledged: ${done.length} done (${completions.length} by outside workers), ${tickets.length - done.length} failed with a reason (${unlucky} of them by the faults); ${megabytes.toFixed(0)} MB right`
}
