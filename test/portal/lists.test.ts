import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { assertAccessible, type PortalWorld, startPortalWorld } from '../support/portal-world.ts'
import { publish } from '../support/products.ts'
import { runMain } from '../support/run-main.ts'
import { suiteCleanup } from '../support/suite-cleanup.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

describe('a download list in the portal', () => {
  let world: PortalWorld
  const cleanup = suiteCleanup()
  before(async () => {
    world = await startPortalWorld(cleanup)
  })

  /** Makes the list in the dialog that a button opens; the lines by their labels. */
  async function makeList(page: Page, button: string): Promise<(label: string) => Promise<string>> {
    await page.getByRole('button', { name: button, exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('It lives').selectOption('2592000')
    await dialog.getByRole('button', { name: 'Make the list' }).click()
    await dialog.getByText('Copy what you need now').waitFor()
    return (label) => dialog.getByLabel(label, { exact: true }).inputValue()
  }

  it('of chosen files gives a line that `claimcheck` runs as it is, until it is revoked', async (t) => {
    const page = await world.signIn(t)
    await page.goto('/studies')
    await page.getByRole('checkbox', { name: 'Choose alpha.txt' }).check()
    await page.getByRole('checkbox', { name: 'Choose gamma.csv' }).check()
    const line = await makeList(page, 'Download list of S-1 / S-1-1')
    await assertAccessible(page)
    const [program, ...words] = (await line('claimcheck')).replaceAll("'", '').split(' ')
    assert.equal(program, 'claimcheck')
    const cwd = await temporaryFolder(t)
    const got = await runMain(words, { cwd })
    assert.equal(got.code, 0, got.err)
    for (const name of ['alpha.txt', 'gamma.csv']) {
      assert.equal(await readFile(join(cwd, name), 'utf8'), `This is ${name}.\n`)
    }
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Metalink' }).click(),
    ])
    await download.saveAs(join(cwd, 'list.meta4'))
    assert.match(await readFile(join(cwd, 'list.meta4'), 'utf8'), /<file name="alpha\.txt">/)

    await page.goto('/links')
    const row = page.getByRole('article').filter({ hasText: 'S-1 / S-1-1' })
    await row.getByText('2 files').waitFor()
    await assertAccessible(page)
    await row.getByRole('button', { name: 'Revoke S-1 / S-1-1' }).click()
    await row.locator('[data-link=revoked]').waitFor()
    const again = await runMain(words, { cwd: await temporaryFolder(t) })
    assert.notEqual(again.code, 0)
  })

  it('of a delivery has its files in the forms of aria2, curl and wget', async (t) => {
    const page = await world.signIn(t)
    await page.goto('/ask/greeting')
    await page.getByLabel('Name').fill('Ada')
    await page.getByRole('button', { name: 'Ask for it' }).click()
    const line = await makeList(page, 'Download list of A greeting')
    const forms = [
      ['aria2', /^curl -sSf '(\S+)' \| aria2c -i -$/, /out=greeting\.txt/],
      ['curl', /^curl -sSf '(\S+)' \| curl -K -$/, /output = "greeting\.txt"/],
      ['wget', /^wget -i '(\S+)'$/, /\/greeting\.txt$/m],
    ] as const
    for (const [tool, command, content] of forms) {
      const url = command.exec(await line(tool))?.[1]
      assert.ok(url !== undefined, `${tool}: ${await line(tool)}`)
      assert.match(await (await fetch(url)).text(), content)
    }
    const wget = (await line('wget')).split("'")[1] ?? ''
    const [address = ''] = (await (await fetch(wget)).text()).split('\n')
    assert.deepEqual(Buffer.from(await (await fetch(address)).arrayBuffer()), world.greeting)
  })

  it('of an order stays what it is when more of it is ready', async (t) => {
    await publish(world.server.core, { id: 'charts', files: { 'south.txt': 'a chart' } })
    const page = await world.signIn(t)
    await page.goto('/orders')
    await page.getByRole('button', { name: 'Place an order' }).first().click()
    await page.getByLabel('Query').fill('productId:charts')
    await page.getByLabel('Label').fill('The charts')
    await page.getByRole('dialog').getByRole('button', { name: 'Place an order' }).click()
    await page.getByRole('heading', { level: 1, name: 'The charts' }).waitFor()
    const line = await makeList(page, 'Download list of The charts')
    const url = (await line('wget')).split("'")[1] ?? ''
    assert.match(await (await fetch(url)).text(), /south\.txt/)
    await page.goto('/links')
    const row = page.getByRole('article').filter({ hasText: 'The charts' })
    await row.getByText('a whole delivery').waitFor()
  })
})
