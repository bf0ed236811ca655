import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DeliveryError } from '../../src/core/errors.ts'
import { publishDelivery } from '../../src/core/studies/publish-delivery.ts'
import type { PublishedFile } from '../../src/core/studies/publish-group.ts'
import { withdrawFile } from '../../src/core/studies/withdraw-files.ts'
import { sweep } from '../../src/core/sweep.ts'
import { principalOfAccount, seedAccount } from '../support/accounts.ts'
import { bytesOf, publish, toPath } from '../support/studies.ts'
import { openTestCore, type TestCore } from '../support/test-core.ts'

const path = 'acme/S/D'

describe('publishDelivery()', () => {
  it('keeps a file whose bytes are the same, and gives other bytes a new number', async (t) => {
    const core = await openTestCore(t)
    await seedAccount(core, 'ada')
    const first = await publish(core, path, { a: '1', b: '2' })
    assert.deepEqual([first.added, first.replaced, first.unchanged], [2, 0, 0])
    const before = await rows(core)
    core.clock.pass(1000)
    const second = await publish(core, path, { a: '1', b: 'two' })
    assert.deepEqual([second.added, second.replaced, second.unchanged], [0, 1, 1])
    assert.equal(second.delivery.number, first.delivery.number)
    const after = await rows(core)
    assert.deepEqual(after[0], before[0])
    assert.equal(after[1]?.name, 'b')
    assert.ok((after[1]?.file_number ?? 0) > (before[1]?.file_number ?? 0))
    assert.ok((after[1]?.modified_at ?? 0) > (before[1]?.modified_at ?? 0))
    // Bytes that nothing shows any more go with the next sweep; those that came twice went at once.
    core.clock.pass(4000 * 1000)
    const swept = await sweep(core, { orphans: true })
    assert.equal(swept.unreferenced, 1)
    assert.equal(swept.orphans, 0)
    assert.equal((await objects(core)).length, 2)
  })

  it('keeps segments apart from names', async (t) => {
    const core = await openTestCore(t)
    await seedAccount(core, 'ada')
    const at = async (name: string, segment?: string) => {
      let published: readonly PublishedFile[] = []
      await publishDelivery(core, 'system', {
        ...toPath(path),
        files: [{ name, segment, bytes: bytesOf(`${name} at ${segment} ${Math.random()}`) }],
        onPublished: (files) => {
          published = files
        },
      })
      const [file] = published
      return `${file?.outcome} ${file?.segment}`
    }
    assert.equal(await at('f1', 'x.csv'), 'added x.csv')
    assert.equal(await at('x.csv'), 'added x~2.csv')
    assert.equal(await at('f1'), 'replaced x.csv')
    assert.equal(await at('other', 'x~2.csv'), 'replaced x~2.csv')
    assert.equal(await at('x.csv'), 'added x~3.csv')
    assert.equal(await at('x.csv', 'x.csv'), 'replaced x.csv')
    // Two have the name now; the one that has it for a segment, too, is meant.
    assert.equal(await at('x.csv'), 'replaced x.csv')
  })

  it('takes two files of one name in one call, the later one last', async (t) => {
    const core = await openTestCore(t)
    await seedAccount(core, 'ada')
    const report = await publishDelivery(core, 'system', {
      ...toPath(path),
      files: ['1', '2', '3'].map((text) => ({ name: 'a', bytes: bytesOf(text) })),
    })
    assert.deepEqual([report.added, report.replaced], [1, 2])
    const [only, ...others] = await rows(core)
    assert.equal(only?.name, 'a')
    assert.equal(others.length, 0)
  })

  it('shows nothing of files that break off, and leaves no bytes', async (t) => {
    const core = await openTestCore(t)
    await seedAccount(core, 'ada')
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('half')
      throw new Error('The line is cut.')
    }
    const files = [
      { name: 'a', bytes: bytesOf('1') },
      { name: 'b', bytes: broken() },
      { name: 'c', bytes: bytesOf('3') },
    ]
    await assert.rejects(publishDelivery(core, 'system', { ...toPath(path), files }), /line is cut/)
    assert.deepEqual(await rows(core), [])
    assert.deepEqual(await objects(core), [])
    const refused: string[] = []
    const report = await publishDelivery(core, 'system', {
      ...toPath(path),
      files: [
        { name: 'a', bytes: bytesOf('1') },
        { name: 'b', bytes: broken() },
        { name: 'a/b', bytes: bytesOf('2') },
        { name: '..', bytes: bytesOf('2') },
        { name: 'a\nb', bytes: bytesOf('2') },
        { name: '\ud800', bytes: bytesOf('2') },
        { name: 'é'.repeat(256), bytes: bytesOf('2') },
        { name: 'c', bytes: bytesOf('3') },
      ],
      onRefused: ({ name }) => refused.push(name),
    })
    assert.equal(report.added, 2)
    assert.deepEqual(refused, ['b', 'a/b', '..', 'a\nb', '\ud800', 'é'.repeat(256)])
    assert.equal((await objects(core)).length, 2)
  })

  it('asks for the permission, in the own organization', async (t) => {
    const core = await openTestCore(t)
    const holders = {
      none: [],
      'sees only': ['study:*'],
      'of another study': ['publish:acme/T'],
      all: ['publish'],
      administrator: ['admin'],
      'of this study': ['publish:acme/S'],
      'of the organization': ['publish:acme'],
    }
    const outcome: Record<string, string> = {}
    for (const [name, permissions] of Object.entries(holders)) {
      const account = await seedAccount(core, name, { permissions })
      const publication = { ...toPath(path), files: [] }
      outcome[name] = await outcomeOf(
        publishDelivery(core, principalOfAccount(account), publication),
      )
    }
    const eve = await seedAccount(core, 'eve', { organization: 'other', permissions: ['admin'] })
    const principal = principalOfAccount(eve)
    const theirs = await outcomeOf(publishDelivery(core, principal, { ...toPath(path), files: [] }))
    const none = await outcomeOf(
      publishDelivery(core, principal, { ...toPath('none/S/D'), files: [] }),
    )
    assert.deepEqual(outcome, {
      none: 'forbidden',
      'sees only': 'forbidden',
      'of another study': 'forbidden',
      all: 'nothing',
      administrator: 'nothing',
      'of this study': 'nothing',
      'of the organization': 'nothing',
    })
    assert.deepEqual([theirs, none], ['not_yours', 'not_found'])
    const withdraw = withdrawFile(core, principal, { ...toPath(path), segment: 'a' })
    assert.equal(await outcomeOf(withdraw), 'not_yours')
  })

  it('refuses codes that are no segment of a path, and an organization nobody is in', async (t) => {
    const core = await openTestCore(t)
    await seedAccount(core, 'ada')
    for (const bad of ['acme//D', 'acme/./D', 'acme/ S/D', 'acme/S/D\0']) {
      assert.equal(await outcomeOf(publish(core, bad, {})), 'invalid', bad)
    }
    assert.equal(await outcomeOf(publish(core, 'none/S/D', {})), 'not_found')
  })

  it('lets two publishers of one delivery pass one after the other', async (t) => {
    const core = await openTestCore(t)
    await seedAccount(core, 'ada')
    const all = Array.from({ length: 20 }, (_, index) =>
      publish(core, path, { shared: String(index), [`own ${index}`]: String(index) }),
    )
    await Promise.all(all)
    assert.equal((await rows(core)).length, 21)
    const [delivery, ...others] = await core.database.kysely
      .selectFrom('study_deliveries')
      .select(['files'])
      .execute()
    assert.equal(delivery?.files, 21)
    assert.equal(others.length, 0)
  })

  it('makes room for a new delivery where the time of one is over', async (t) => {
    const core = await openTestCore(t)
    await seedAccount(core, 'ada')
    const { delivery } = await publish(core, path, { a: '1' })
    await core.database.kysely
      .updateTable('deliveries')
      .set({ expires_at: core.clock() })
      .where('number', '=', delivery.number)
      .execute()
    await sweep(core, { orphans: false })
    assert.deepEqual(await rows(core), [])
    const again = await publish(core, path, { a: '1' })
    assert.equal(again.added, 1)
    assert.notEqual(again.delivery.number, delivery.number)
  })
})

async function rows(core: TestCore) {
  return await core.database.kysely
    .selectFrom('study_files')
    .select(['file_number', 'name', 'modified_at'])
    .orderBy('name')
    .execute()
}

async function objects(core: TestCore): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of core.store.list('')) keys.push(key)
  return keys
}

async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'nothing'
  } catch (error) {
    return error instanceof DeliveryError ? error.code : String(error)
  }
}
