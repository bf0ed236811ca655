import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { assertAccessible, type PortalWorld, startPortalWorld } from '../support/portal-world.ts'
import { suiteCleanup } from '../support/suite-cleanup.ts'

describe('products in the portal', () => {
  let world: PortalWorld
  const cleanup = suiteCleanup()
  before(async () => {
    world = await startPortalWorld(cleanup)
  })

  it('are published from dropped files, ordered by a customer, and withdrawn', async (t) => {
    const page = await world.signIn(t, { account: world.admin })
    await page.goto('/admin/products')
    await page.getByRole('heading', { name: 'There are no products' }).waitFor()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Publish a product' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Id of the product').fill('scene-1')
    await dialog.getByLabel('Id of its collection').fill('scenes')
    await dialog.getByLabel('Properties').fill('platform=S2A\nband=1\nband=2')
    const drop = dialog.locator('input[type=file]')
    const file = (name: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(name) })
    await drop.setInputFiles([file('one.txt'), file('wrong.txt')])
    await drop.setInputFiles([file('two.txt')])
    await dialog.getByRole('button', { name: 'Remove wrong.txt' }).click()
    await assertAccessible(page)
    await dialog.getByRole('button', { name: 'Publish a product' }).click()
    await page.getByText('scene-1 is published.').waitFor()
    const row = page.getByRole('article').filter({ hasText: 'scene-1' })
    await row.getByText('2 files, 14 bytes · scenes').waitFor()

    const customer = await world.signIn(t)
    await customer.goto('/orders')
    const place = async (query: string) => {
      await customer.getByRole('button', { name: 'Place an order' }).first().click()
      await customer.getByLabel('Query').fill(query)
      await customer.getByRole('dialog').getByRole('button', { name: 'Place an order' }).click()
    }
    await place('platform:S2A AND band:2')
    await customer.getByRole('link', { name: 'Download two.txt' }).waitFor()
    const titles = await customer.locator('.rows .row-title').allTextContents()
    assert.deepEqual(titles.filter((title) => title.endsWith('.txt')).sort(), [
      'one.txt',
      'two.txt',
    ])

    await page.getByRole('button', { name: 'Withdraw scene-1' }).click()
    await dialog.getByRole('button', { name: 'Withdraw', exact: true }).click()
    await page.getByText('scene-1 is withdrawn.').waitFor()
    await page.getByRole('heading', { name: 'There are no products' }).waitFor()
    await customer.goto('/orders')
    await place('platform:S2A')
    await customer.getByRole('alert').getByText('Nothing matches the query.').waitFor()
  })

  it('that cannot be published say why, and keep what was filled in', async (t) => {
    const page = await world.signIn(t, { account: world.admin, locale: 'fr-FR' })
    await page.goto('/admin/products')
    const dialog = page.getByRole('dialog')
    const publish = async () => {
      await dialog
        .locator('input[type=file]')
        .setInputFiles([{ name: 'one.txt', mimeType: 'text/plain', buffer: Buffer.from('x') }])
      await dialog.getByRole('button', { name: 'Publier un produit' }).click()
    }
    for (const round of [1, 2]) {
      await page.getByRole('button', { name: 'Publier un produit' }).click()
      await dialog.getByLabel('Identifiant du produit').fill('twice')
      await dialog.getByLabel('Identifiant de sa collection').fill('scenes')
      await publish()
      if (round === 1) await page.getByText('twice est publié.').waitFor()
    }
    await dialog.getByText('Il y a déjà un produit « twice ».').waitFor()
    assert.equal(await dialog.getByLabel('Identifiant du produit').inputValue(), 'twice')
  })
})
