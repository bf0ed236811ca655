import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { Database } from '../../src/database/database.ts'
import { hotQuery } from '../../src/database/hot-query.ts'
import { until } from '../support/until.ts'

export type Nodes = readonly [Database, ...Database[]]

/** Opens the same new database for several nodes; where only one process can have it, for one. */
export type OpenNodes = (t: TestContext) => Promise<Nodes>

/** What both engines promise behind the seam. */
export function databaseContract(
  name: string,
  open: OpenNodes,
  options: { skip?: string | false } = {},
): void {
  describe(`${name} as the database`, options, () => {
    it('shows a change to all nodes as a whole, and nothing of one that failed', async (t) => {
      const nodes = await open(t)
      await assert.rejects(
        nodes[0].transaction(async (db) => {
          await db.insertInto('organizations').values(organization('lost')).execute()
          throw new Error('on the way')
        }),
        /on the way/,
      )
      await nodes[0].transaction((db) =>
        db.insertInto('organizations').values(organization('kept')).execute(),
      )
      for (const node of nodes) assert.deepEqual(await codes(node), ['kept'])
    })

    it('hides from `read` what is not committed', async (t) => {
      const [node] = await open(t)
      const seen = await node.transaction(async (db) => {
        await db.insertInto('organizations').values(organization('acme')).execute()
        return await byCode(node, ['acme'])
      })
      assert.equal(seen.length, 0)
      assert.equal((await byCode(node, ['acme'])).length, 1)
    })

    it('gives every value back as it was given: exact integers, fractions, texts, nothing', async (t) => {
      const [node] = await open(t)
      const values = [0, 1, -1, 2 ** 31, 2 ** 53 - 1, -(2 ** 53 - 1)]
      for (const [index, value] of values.entries()) {
        await node.kysely
          .insertInto('organizations')
          .values({ ...organization(`o${index}`), created_at: value })
          .execute()
      }
      const rows = await node.kysely
        .selectFrom('organizations')
        .select('created_at')
        .orderBy('code')
        .execute()
      assert.deepEqual(
        rows.map((row) => row.created_at),
        values,
      )
      const { count, sum, least } = await node.kysely
        .selectFrom('organizations')
        .select(({ fn }) => [
          fn.countAll().as('count'),
          fn.sum('created_at').as('sum'),
          fn.min('created_at').as('least'),
        ])
        .executeTakeFirstOrThrow()
      assert.deepEqual([count, sum, least], [6, 2 ** 31, -(2 ** 53 - 1)])
      const name = `it's "quoted" \\ 100% ☃ 😀 \n\t`
      await node.kysely
        .insertInto('organizations')
        .values({ ...organization('text'), name })
        .execute()
      assert.equal((await byCode(node, ['text']))[0]?.name, name)
    })

    it('finds nothing by a text that no database can hold', async (t) => {
      const [node] = await open(t)
      await node.kysely.insertInto('organizations').values(organization('acme')).execute()
      assert.deepEqual(await byCode(node, ['ac\0me']), [])
      const rows = await node.kysely
        .selectFrom('organizations')
        .selectAll()
        .where('code', '=', 'acme\0')
        .execute()
      assert.deepEqual(rows, [])
    })

    it('orders texts by their bytes, so that pages go on where the last one ended', async (t) => {
      const [node] = await open(t)
      const names = [
        'B',
        'a',
        'Z',
        'ä',
        'z',
        '_',
        '-',
        'a b',
        'ab',
        'A',
        '10',
        '9',
        '\u{1f600}',
        '\u{ffee}',
      ]
      for (const name of names) {
        await node.kysely.insertInto('organizations').values(organization(name)).execute()
      }
      const expected = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      assert.deepEqual(await codes(node), expected)
      const behind = await node.kysely
        .selectFrom('organizations')
        .select('code')
        .where('code', '>', 'Z')
        .orderBy('code')
        .execute()
      assert.deepEqual(
        behind.map(({ code }) => code),
        expected.slice(expected.indexOf('Z') + 1),
      )
    })

    it('never gives a number twice, whatever was deleted or undone', async (t) => {
      const [node] = await open(t)
      const insert = () =>
        node.transaction((db) =>
          db.insertInto('events').values(event).returning('number').executeTakeFirstOrThrow(),
        )
      const first = await insert()
      await node.kysely.deleteFrom('events').execute()
      const second = await insert()
      assert.ok(second.number > first.number)
    })

    it('loses no change that follows from what was read, on any node', async (t) => {
      const nodes = await open(t)
      await nodes[0].kysely.insertInto('organizations').values(organization('acme')).execute()
      const add = (node: Database) =>
        node.transaction(async (db) => {
          const { created_at } = await db
            .selectFrom('organizations')
            .select('created_at')
            .where('code', '=', 'acme')
            .executeTakeFirstOrThrow()
          await db
            .updateTable('organizations')
            .set({ created_at: created_at + 1 })
            .execute()
        })
      await Promise.all(Array.from({ length: 20 }, (_, i) => add(at(nodes, i))))
      assert.equal((await byCode(nodes[0], ['acme']))[0]?.created_at, 20)
    })

    it('lets one of many make what may be there once, and the others find it', async (t) => {
      const nodes = await open(t)
      const demand = (node: Database) =>
        node.transaction(async (db) => {
          const there = await db.selectFrom('organizations').select('id').executeTakeFirst()
          if (there !== undefined) return there.id
          const made = { ...organization('acme'), id: crypto.randomUUID() }
          await db.insertInto('organizations').values(made).execute()
          return made.id
        })
      const ids = await Promise.all(Array.from({ length: 8 }, (_, i) => demand(at(nodes, i))))
      assert.equal(new Set(ids).size, 1)
    })

    it('tells a broken key, and goes on', async (t) => {
      const [node] = await open(t)
      const make = () =>
        node.transaction((db) =>
          db.insertInto('organizations').values(organization('acme')).execute(),
        )
      await make()
      await assert.rejects(make(), /unique/i)
      assert.deepEqual(await codes(node), ['acme'])
    })

    it('carries signals to every node, what is sent there or here, until nobody listens', async (t) => {
      const nodes = await open(t)
      const heard = nodes.map(() => [] as (string | null)[])
      const ends = nodes.map((node, i) =>
        node.signals.subscribe('delivery', (payload) => heard[i]?.push(payload)),
      )
      nodes[0].signals.notify('delivery', '1')
      assert.deepEqual(heard[0], ['1'])
      at(nodes, 1).signals.notify('delivery', '2')
      at(nodes, 1).signals.notify('jobs', 'local')
      await until('all have heard both', () => heard.every((list) => list.length === 2))
      ends[0]?.()
      at(nodes, 1).signals.notify('delivery', '3')
      await until('the others have heard', () => heard.slice(1).every((list) => list.length === 3))
      assert.equal(heard[0]?.includes('3'), false)
    })

    it('has one time for all nodes, in whole milliseconds, which does not stand still', async (t) => {
      const nodes = await open(t)
      const times = nodes.map((node) => node.now())
      assert.ok(times.every(Number.isSafeInteger))
      assert.ok(Math.max(...times) - Math.min(...times) < 1000, times.join())
      await until('it goes on', () => nodes[0].now() > (times[0] ?? 0))
    })
  })
}

function at(nodes: Nodes, i: number): Database {
  return nodes[i % nodes.length] ?? nodes[0]
}

const byCode = hotQuery((db) =>
  db.selectFrom('organizations').selectAll().where('code', '=', '').compile(),
)

async function codes(node: Database): Promise<string[]> {
  const rows = await node.kysely
    .selectFrom('organizations')
    .select('code')
    .orderBy('code')
    .execute()
  return rows.map((row) => row.code)
}

function organization(code: string) {
  return { id: code, code, name: code, created_at: 0 }
}

const event = {
  at: 0,
  organization_id: 'acme',
  owner_id: null,
  actor_id: null,
  action: 'something.happened',
  delivery_number: null,
  data: '{}',
}
