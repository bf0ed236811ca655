import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { findPrincipal } from '../../src/core/accounts/accounts.ts'
import { createPortOrders } from '../../src/core/port-orders/port-orders.ts'
import { assertAccessible, type PortalWorld, startPortalWorld } from '../support/portal-world.ts'
import { publish } from '../support/products.ts'
import { full } from '../support/size.ts'
import { suiteCleanup } from '../support/suite-cleanup.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

describe('the portal', () => {
  let world: PortalWorld
  const cleanup = suiteCleanup()
  before(async () => {
    world = await startPortalWorld(cleanup)
  })

  it('lets one sign in, ask, wait, and download to disk', async (t) => {
    const page = await world.signIn(t)
    await page.getByRole('heading', { name: 'Nothing waits for you yet' }).waitFor()
    await page.getByRole('link', { name: 'Ask for your first download' }).click()
    await page.getByRole('link', { name: /A greeting/ }).click()
    await page.getByLabel('Name').fill('Ada')
    await page.locator('select[name=language]').selectOption('fr')
    await page.getByLabel('times').fill('3')
    await page.getByRole('button', { name: 'Ask for it' }).click()
    await page.locator('[data-state=done]').first().waitFor()
    assert.match((await page.getByRole('definition').last().textContent()) ?? '', /"times":3/)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download greeting.txt' }).click(),
    ])
    const folder = await temporaryFolder(t)
    const path = join(folder, download.suggestedFilename())
    await download.saveAs(path)
    assert.equal(download.suggestedFilename(), 'greeting.txt')
    assert.deepEqual(await readFile(path), world.greeting)
    await page.goto('/')
    await page.getByRole('link', { name: 'Download greeting.txt' }).first().waitFor()
  })

  it('says at the field what is wrong, and what to do', async (t) => {
    const page = await world.signIn(t)
    await page.goto('/ask/greeting')
    await page.getByLabel('Name').fill('ada')
    // As a browser that does not look at patterns.
    await page.locator('form').evaluate((form: HTMLFormElement) => {
      form.noValidate = true
    })
    await page.getByRole('button', { name: 'Ask for it' }).click()
    await page.getByRole('alert').waitFor()
    assert.equal(await page.getByLabel('Name').getAttribute('aria-invalid'), 'true')
    await assertAccessible(page)
  })

  it('shows progress live in a second tab as well, and cancels', async (t) => {
    const page = await world.signIn(t)
    const second = await page.context().newPage()
    await second.goto('/pick-up')
    await second.locator('h1').waitFor()
    await page.goto('/ask/slow')
    await page.getByRole('button', { name: 'Ask for it' }).click()
    await page.getByText('Half-way').waitFor()
    const row = second.locator('article', { hasText: 'slow' }).first()
    await row.locator('[data-state=running]').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await row.locator('[data-state=canceled]').waitFor()
    await page.getByRole('button', { name: 'Retry' }).click()
    world.release()
    await row.locator('[data-state=done]').waitFor()
    await row.getByRole('link', { name: 'Download slow.txt' }).waitFor()
  })

  it('goes back to the sign-in when the session is ended on the server', async (t) => {
    const page = await world.signIn(t)
    await page.goto('/links')
    await page.getByRole('heading', { level: 1, name: 'Links' }).waitFor()
    const [cookie] = await page.context().cookies()
    assert.equal(cookie?.httpOnly, true)
    assert.equal(cookie?.sameSite, 'Strict')
    const ended = await fetch(`${world.server.url}/v1/session`, {
      method: 'DELETE',
      headers: { cookie: `${cookie?.name}=${cookie?.value}`, origin: world.server.url },
    })
    assert.equal(ended.status, 204)
    await page.getByText('Your session has ended.').waitFor()
    await page.locator('[autocomplete=username]').fill(world.ada.username)
    await page.locator('[autocomplete=current-password]').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').getByText('Check the user name').waitFor()
    await page.locator('[autocomplete=current-password]').fill(world.ada.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    // Where one was before.
    await page.getByRole('heading', { level: 1, name: 'Links' }).waitFor()
  })

  it('hands out a link, which opens until it is revoked', async (t) => {
    const page = await world.signIn(t)
    await page.goto(`/ask/greeting`)
    await page.getByLabel('Name').fill('Ada')
    await page.getByRole('button', { name: 'Ask for it' }).click()
    await page.getByRole('button', { name: 'Make a link to greeting.txt' }).click()
    await page.getByRole('button', { name: 'Make the link' }).click()
    const url = await page.getByLabel('The link').inputValue()
    assert.equal((await fetch(url)).status, 200)
    await assertAccessible(page)
    await page.goto('/links')
    // The newest is the one that was just made.
    const row = page.getByRole('article').first()
    await row.getByRole('button', { name: 'Revoke greeting.txt' }).click()
    await row.locator('[data-link=revoked]').waitFor()
    assert.equal((await fetch(url)).status, 403)
  })

  it('hands out a link for one download, behind a button', async (t) => {
    const page = await world.signIn(t)
    await page.goto(`/ask/greeting`)
    await page.getByLabel('Name').fill('Ada')
    await page.getByRole('button', { name: 'Ask for it' }).click()
    await page.getByRole('button', { name: 'Make a link to greeting.txt' }).click()
    await page.getByLabel('It is for').selectOption('1')
    await page.getByRole('checkbox', { name: /Behind a page with a button/ }).check()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Make the link' }).click()
    const url = await page.getByLabel('The link').inputValue()
    const stranger = await world.openPage(t)
    await stranger.goto(url)
    await assertAccessible(stranger)
    const [download] = await Promise.all([
      stranger.waitForEvent('download'),
      stranger.getByRole('button').click(),
    ])
    const saved = join(await temporaryFolder(t), 'greeting.txt')
    await download.saveAs(saved)
    assert.deepEqual(await readFile(saved), world.greeting)
    await page.goto('/links')
    await page.getByText('1 of 1 downloads used').first().waitFor()
  })

  it('shows the same files as the studies API, finds, and downloads several as one', async (t) => {
    const page = await world.signIn(t)
    await page.goto('/studies')
    const titles = page.locator('.rows .row-title')
    await titles.nth(2).waitFor()
    const { accessKey, secretKey } = world.ada
    const listed = await fetch(`${world.server.url}/api_file/v1/acme/`, {
      headers: {
        authorization: `Basic ${Buffer.from(`${accessKey}:${secretKey}`).toString('base64')}`,
      },
    })
    const entries = (await listed.json()) as { file_name?: string; url?: string }[]
    const shown = (await titles.allTextContents()).sort()
    const text = JSON.stringify(entries)
    assert.equal(entries.length, shown.length)
    for (const name of shown) assert.ok(text.includes(name), `${name} is not in ${text}`)

    await page.getByRole('checkbox', { name: 'Choose alpha.txt' }).check()
    await page.getByRole('checkbox', { name: 'Choose beta.txt' }).check()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download as one archive' }).click(),
    ])
    const folder = await temporaryFolder(t)
    await download.saveAs(join(folder, 'a.zip'))
    const bytes = await readFile(join(folder, 'a.zip'))
    assert.equal(bytes.subarray(0, 2).toString(), 'PK')
    assert.ok(bytes.includes('This is alpha.txt.') && bytes.includes('This is beta.txt.'))

    await page.getByRole('searchbox').fill('GAM')
    await until('only gamma.csv is shown', async () => (await titles.count()) === 1)
    assert.deepEqual(await titles.allTextContents(), ['gamma.csv'])
    await page.getByRole('button', { name: 'Codes of gamma.csv' }).click()
    assert.equal(await page.getByLabel('Organization / study').inputValue(), 'acme/S-1/S-1-1')
    await assertAccessible(page)
  })

  it('imports a dropped CSV and shows the rows that failed', async (t) => {
    const folder = await temporaryFolder(t)
    await mkdir(folder, { recursive: true })
    const file = join(folder, 'users.csv')
    const example = await readFile(
      new URL('../../examples/rostering/users.csv', import.meta.url),
      'utf8',
    )
    const [head = '', first = ''] = example.split('\n')
    await writeFile(file, `${head}\n${first}\nonly one cell\n`)
    const page = await world.signIn(t)
    await page.goto('/imports')
    await page.locator('input[type=file]').setInputFiles(file)
    await page.getByRole('heading', { name: 'users.csv' }).waitFor()
    await page.getByRole('cell', { name: /has 1 cells/ }).waitFor()
    assert.equal(await page.getByRole('cell').first().textContent(), '3')
    await assertAccessible(page)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download the result' }).click(),
    ])
    assert.equal(download.suggestedFilename(), 'users-result.csv')
  })

  it('adds a document to a port order by drop, and gives it back', async (t) => {
    const { core } = world.server
    const principal = await findPrincipal(core, world.ada.id)
    assert.ok(principal !== null)
    const { orders } = await createPortOrders(core, principal, {
      numbers: ['+12065550100'],
      alias: 'Our number',
    })
    const page = await world.signIn(t)
    await page.goto('/port-orders')
    await page.getByRole('link', { name: 'Open Our number' }).click()
    await page.getByText('No documents yet.').waitFor()
    const buffer = Buffer.from('the bill')
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'bill.pdf', mimeType: 'application/pdf', buffer })
    await page.locator('[data-document=complete]').waitFor()
    await assertAccessible(page)
    assert.ok(page.url().endsWith(`/port-orders/${orders[0]?.delivery_number}`))
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download bill.pdf' }).click(),
    ])
    const folder = await temporaryFolder(t)
    await download.saveAs(join(folder, 'bill.pdf'))
    assert.deepEqual(await readFile(join(folder, 'bill.pdf')), buffer)
  })

  it('places an order, shows its sub-orders, and gives all of it as one', async (t) => {
    await publish(world.server.core, { id: 'maps', files: { 'north.txt': 'a map of the north' } })
    const page = await world.signIn(t)
    await page.goto('/orders')
    await page.getByRole('button', { name: 'Place an order' }).first().click()
    await page.getByLabel('Query').fill('productId:maps')
    await page.getByLabel('Label').fill('The maps')
    await page.getByRole('dialog').getByRole('button', { name: 'Place an order' }).click()
    await page.getByRole('heading', { level: 1, name: 'The maps' }).waitFor()
    await page.locator('[data-batch=ready]').waitFor()
    await assertAccessible(page)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download all of The maps' }).click(),
    ])
    const folder = await temporaryFolder(t)
    await download.saveAs(join(folder, 'order.zip'))
    assert.ok((await readFile(join(folder, 'order.zip'))).includes('a map of the north'))
    const [metalink] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Metalink of The maps' }).click(),
    ])
    await metalink.saveAs(join(folder, 'order.metalink'))
    assert.match(await readFile(join(folder, 'order.metalink'), 'utf8'), /north\.txt/)
  })

  it('makes a token that is shown once and works until it is revoked', async (t) => {
    const page = await world.signIn(t)
    await page.goto('/keys')
    await page.getByRole('button', { name: 'Make a token' }).click()
    await page.getByLabel('What it is for').fill('nightly')
    await page.getByRole('dialog').getByRole('button', { name: 'Make a token' }).click()
    const token = await page.getByRole('textbox', { name: 'Token' }).inputValue()
    const me = () =>
      fetch(`${world.server.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } })
    assert.equal((await me()).status, 200)
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('button', { name: 'Revoke nightly' }).click()
    const row = page.locator('article', { hasText: 'nightly' })
    await row.locator('[data-link=revoked]').waitFor()
    assert.equal((await me()).status, 401)
  })

  it('speaks French from the first page on', async (t) => {
    const page = await world.signIn(t, { locale: 'fr-FR' })
    await page.getByRole('heading', { level: 1, name: 'Retirer' }).waitFor()
    assert.equal(await page.locator('html').getAttribute('lang'), 'fr')
    await page.getByLabel('Langue').selectOption('en')
    await page.getByRole('heading', { level: 1, name: 'Pick up', exact: true }).waitFor()
    await page.reload()
    await page.getByRole('heading', { level: 1, name: 'Pick up', exact: true }).waitFor()
  })

  it('draws its pages in a browser whose locale is none, and says so where it cannot', async (t) => {
    const posix = await world.openPage(t)
    await posix.addInitScript(() => {
      Object.defineProperty(navigator, 'languages', { value: ['en-US@posix'] })
    })
    await posix.goto('/')
    await posix.locator('[autocomplete=username]').fill(world.admin.username)
    await posix.locator('[autocomplete=current-password]').fill(world.admin.password)
    await posix.keyboard.press('Enter')
    await posix.getByRole('link', { name: 'Keys' }).click()
    await posix.locator('.row-note').first().waitFor()
    await posix.addInitScript(() => {
      Intl.RelativeTimeFormat.prototype.format = () => {
        throw new Error('It cannot be written.')
      }
    })
    await posix.reload()
    await posix.getByRole('alert').getByText('Something went wrong').waitFor()
    await posix.getByRole('link', { name: 'Ask' }).click()
    await posix.getByRole('heading', { name: 'Ask', level: 1 }).waitFor()
  })

  it('fits a phone, with the menu behind a button', async (t) => {
    const page = await world.signIn(t, { viewport: { width: 375, height: 700 } })
    for (const path of ['/pick-up', '/ask', '/studies', '/imports', '/links', '/keys']) {
      await page.goto(path)
      await page.locator('h1').waitFor()
      await page.locator('.skeleton').waitFor({ state: 'detached' })
      const width = await page.evaluate('document.documentElement.scrollWidth')
      assert.ok(Number(width) <= 375, `${path} is ${width} px wide`)
    }
    await page.getByRole('button', { name: 'Menu' }).click()
    await page.getByRole('link', { name: 'Orders', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'Orders' }).waitFor()
  })

  it('has nothing serious for axe on any page, light and dark', async (t) => {
    const own = ['/pick-up', '/ask', '/ask/greeting', '/orders', '/studies', '/imports']
    const more = ['/port-orders', '/links', '/keys']
    const of = [
      'deliveries',
      'products',
      'accounts',
      'types',
      'jobs',
      'audit',
      'usage',
      'organizations',
      'settings',
    ]
    const administration = of.map((name) => `/admin/${name}`)
    const mostly = ['/pick-up', '/ask/greeting', '/studies', '/admin/jobs']
    for (const colorScheme of ['light', 'dark'] as const) {
      const pages = colorScheme === 'light' || full ? [...own, ...more, ...administration] : mostly
      const first = await world.openPage(t, { colorScheme })
      await first.goto('/')
      await first.locator('[autocomplete=username]').waitFor()
      await assertAccessible(first)
      const page = await world.signIn(t, { colorScheme, account: world.admin })
      for (const path of pages) {
        await page.goto(path)
        await page.locator('h1').waitFor()
        await page.locator('.skeleton').waitFor({ state: 'detached' })
        await assertAccessible(page)
      }
    }
  })

  it('is used by the keyboard alone', async (t) => {
    const page = await world.signIn(t)
    await page.locator('h1').waitFor()
    await page.keyboard.press('Shift+Tab')
    await page.goto('/pick-up')
    await page.locator('h1').waitFor()
    await page.keyboard.press('Tab')
    const focus = () => page.evaluate('document.activeElement.textContent')
    const seen: unknown[] = []
    for (let steps = 0; steps < 40; steps += 1) {
      seen.push(await focus())
      if (seen.at(-1) === 'Ask for something new') break
      await page.keyboard.press('Tab')
    }
    assert.equal(seen.at(-1), 'Ask for something new', JSON.stringify(seen))
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Ask' }).waitFor()
  })

  it('makes an account, shuts it out, and finds both in the audit trail', async (t) => {
    const page = await world.signIn(t, { account: world.admin })
    await page.goto('/admin/accounts')
    await page.getByRole('button', { name: 'Make an account' }).click()
    await page.getByRole('dialog').getByLabel('User name').fill('grace')
    await page.getByRole('dialog').getByRole('button', { name: 'Make an account' }).click()
    await page.getByRole('heading', { level: 1, name: 'grace' }).waitFor()
    await page.getByRole('button', { name: 'Set the password' }).click()
    await page.getByLabel('New password').fill('a password for grace')
    await page.getByRole('dialog').getByRole('button', { name: 'Set the password' }).click()
    await page.getByText('The password is set.').waitFor()
    const grace = { ...world.ada, username: 'grace', password: 'a password for grace' }
    const other = await world.signIn(t, { account: grace })
    await other.getByRole('heading', { level: 1, name: 'Pick up', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Shut out' }).click()
    await page.getByText(/Shut out since/).waitFor()
    await other.getByText('Your session has ended.').waitFor()

    await page.goto('/admin/audit')
    await page.getByLabel('About').selectOption('account')
    await page.getByText('account.suspended').first().waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Export as CSV' }).click(),
    ])
    const folder = await temporaryFolder(t)
    await download.saveAs(join(folder, 'audit.csv'))
    const csv = await readFile(join(folder, 'audit.csv'), 'utf8')
    assert.match(csv, /^number,at,action,actor,delivery,data\r\n/)
    assert.match(csv, /"account\.suspended"/)
    assert.doesNotMatch(csv, /"delivery\./)
  })

  it('shows why a job failed, and tries it again', async (t) => {
    const page = await world.signIn(t, { account: world.admin })
    await page.goto('/ask/failing')
    await page.getByRole('button', { name: 'Ask for it' }).click()
    await page.locator('[data-state=failed]').first().waitFor()
    await page.goto('/admin/jobs')
    await page.getByText('It cannot be made.').first().waitFor()
    await page
      .getByRole('button', { name: /^Retry/ })
      .first()
      .click()
    await until('there are two given up', async () => {
      await page.reload()
      await page.locator('h1').waitFor()
      await page.locator('.skeleton').waitFor({ state: 'detached' })
      return (await page.locator('[data-job=dead]').count()) === 2
    })
  })

  it('publishes dropped files one after the other, which the customer sees', async (t) => {
    const page = await world.signIn(t, { account: world.admin })
    await page.goto('/admin/deliveries')
    await page.getByText('Publish files in a study').click()
    await until('the codes are filled in', async () => {
      return (await page.getByLabel('Code of the delivery').inputValue()) === 'S-1-1'
    })
    const names = ['dropped.txt', 'beside.txt']
    await page.locator('input[type=file]').setInputFiles(
      names.map((name) => ({
        name,
        mimeType: 'text/plain',
        buffer: Buffer.from(`It is ${name}`),
      })),
    )
    await page.getByText('beside.txt is published.').waitFor()
    const customer = await world.signIn(t)
    await customer.goto('/studies')
    for (const name of names) await customer.getByText(name).waitFor()
  })

  it('shows the settings in force without a secret', async (t) => {
    const page = await world.signIn(t, { account: world.admin })
    await page.goto('/admin/settings')
    const row = page.getByRole('row', { name: /CLAIMCHECK_SIGNING_KEYS/ })
    await row.waitFor()
    assert.match((await row.textContent()) ?? '', /\(hidden\)/)
    assert.match((await page.textContent('table')) ?? '', /CLAIMCHECK_SESSION_IDLE_SECONDS.?3600/)
  })
})
