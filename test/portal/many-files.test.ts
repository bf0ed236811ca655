import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { publishDelivery } from '../../src/core/studies/publish-delivery.ts'
import { type PortalWorld, startPortalWorld } from '../support/portal-world.ts'
import { sized } from '../support/size.ts'
import { bytesOf, toPath } from '../support/studies.ts'
import { suiteCleanup } from '../support/suite-cleanup.ts'

const COUNT = sized(3000, 100_000)

describe(`${COUNT.toLocaleString('en')} files in the portal`, () => {
  let world: PortalWorld
  const cleanup = suiteCleanup()
  before(async () => {
    world = await startPortalWorld(cleanup)
    const { core } = world.server
    const path = toPath('acme/MANY/D')
    await publishDelivery(core, 'system', {
      ...path,
      files: [{ name: 'file 0.txt', bytes: bytesOf('x') }],
    })
    const { stored_file_id: id } = await core.database.kysely
      .selectFrom('delivery_files')
      .select('stored_file_id')
      .where('name', '=', 'file 0.txt')
      .executeTakeFirstOrThrow()
    const bytes = { storedFileId: id ?? '' }
    function* files() {
      for (let index = 1; index < COUNT; index += 1) yield { name: `file ${index}.txt`, bytes }
    }
    await publishDelivery(core, 'system', { ...path, files: files() })
  })

  it('scroll to the last, with few rows in the page at any time', async (t) => {
    const page = await world.signIn(t)
    await page.goto('/studies?study=MANY')
    const rows = page.locator('.rows li')
    await rows.nth(20).waitFor()
    let most = 0
    for (let round = 0; (await rows.last().getAttribute('aria-setsize')) === '-1'; round += 1) {
      assert.ok(round < COUNT, 'the end never comes')
      await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight))
      most = Math.max(most, await rows.count())
    }
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight))
    // A browser shows what was scrolled to a frame later.
    await page.locator(`.rows li[aria-posinset="${COUNT}"]`).waitFor()
    assert.equal(await rows.last().getAttribute('aria-setsize'), String(COUNT))
    assert.ok(most < 120, `${most} rows were in the page`)
  })

  it('are searched while one types', async (t) => {
    const page = await world.signIn(t)
    await page.goto('/studies?study=MANY')
    await page.getByRole('searchbox').pressSequentially(`file ${COUNT - 1}`)
    const titles = page.locator('.rows .row-title')
    await titles.filter({ hasText: `file ${COUNT - 1}.txt` }).waitFor()
    await page.locator('.rows li[aria-setsize="1"]').waitFor()
  })
})
