import assert from 'node:assert/strict'
import type { Core } from '../../src/core/core.ts'
import { findMissing } from '../../src/core/kept-files/find-missing.ts'
import { sweep } from '../../src/core/sweep.ts'
import { digestOf, filesOf } from './content.ts'
import type { Ledger, Ticket } from './ledger.ts'

/**
 * Holds what is there, once everything stands still, against what customers and workers were told.
 * @throws AssertionError
 */
export async function check(core: Core, ledger: Ledger): Promise<void> {
  const rows = await core.database.kysely
    .selectFrom('deliveries')
    .innerJoin('jobs', 'jobs.delivery_number', 'deliveries.number')
    .select(['deliveries.number', 'deliveries.id', 'deliveries.state', 'deliveries.message'])
    .select(['deliveries.info', 'jobs.number as job', 'jobs.attempt', 'jobs.state as jobState'])
    .execute()
  // One row for each ticket: nothing was lost, made twice, or done by two jobs.
  const byTag = new Map(rows.map((row) => [JSON.parse(row.info ?? '{}').tag as string, row]))
  assert.equal(rows.length, ledger.tickets.length)
  const attempts = new Map<number, number>()
  for (const ticket of ledger.tickets) {
    const row = byTag.get(ticket.tag)
    assert.ok(row !== undefined, `${ticket.tag} is not there.`)
    assert.equal(row.id, ticket.id)
    assert.equal(row.state, ticket.end, `${row.id}`)
    assert.equal(row.jobState, row.state === 'done' ? 'done' : 'dead', `the job of ${row.id}`)
    if (row.state === 'failed') assert.ok(row.message, `${row.id} failed without a reason.`)
    attempts.set(row.job, row.attempt)
    await checkFiles(core, ticket, row)
  }
  await checkEvents(core)
  for (const { number, attempt } of ledger.completions) {
    assert.equal(attempt, attempts.get(number), `job ${number} was completed by two attempts`)
  }
  await checkObjects(core)
}

/** The files are those of the last attempt alone, and are right. */
async function checkFiles(
  core: Core,
  ticket: Ticket,
  row: { number: number; job: number; attempt: number },
): Promise<void> {
  const kept = await core.database.kysely
    .selectFrom('delivery_files')
    .innerJoin('stored_files', 'stored_files.id', 'delivery_files.stored_file_id')
    .select(['delivery_files.name', 'stored_files.sha256', 'stored_files.object_key'])
    .where('delivery_files.delivery_number', '=', row.number)
    .orderBy('delivery_files.number')
    .execute()
  const expected = ticket.end === 'done' ? filesOf(ticket.tag) : []
  assert.deepEqual(
    kept.map(({ name, sha256 }) => ({ name, sha256 })),
    expected.map((file) => ({ name: file.name, sha256: digestOf(ticket.tag, file) })),
  )
  for (const { object_key: key } of kept) {
    assert.ok(key.startsWith(`jobs/${row.job}-${row.attempt}/`), `${key} is of another attempt.`)
  }
}

/** Each delivery ended once, as its feed says. */
async function checkEvents(core: Core): Promise<void> {
  const twice = await core.database.kysely
    .selectFrom('events')
    .select(({ fn }) => ['delivery_number', fn.countAll<number>().as('ends')])
    .where('action', 'in', ['delivery.done', 'delivery.failed'])
    .groupBy('delivery_number')
    .having(({ fn }) => fn.countAll<number>(), '!=', 1)
    .execute()
  assert.deepEqual(twice, [])
}

/** After the sweep there is an object for each row, and a row for each object. */
async function checkObjects(core: Core): Promise<void> {
  await sweep(core, { orphans: true })
  const rows = await core.database.kysely.selectFrom('stored_files').select('object_key').execute()
  const objects: string[] = []
  for await (const { key } of core.store.list('')) objects.push(key)
  assert.deepEqual(objects.sort(), rows.map((row) => row.object_key).sort())
  const work = await core.database.kysely.selectFrom('work_files').select('name').execute()
  assert.deepEqual(work, [])
  for await (const { object_key: key, problem } of findMissing(core)) {
    assert.fail(`${key}: ${problem}`)
  }
}
