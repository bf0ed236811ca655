import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { assertAccessible, type PortalWorld, startPortalWorld } from '../support/portal-world.ts'
import { suiteCleanup } from '../support/suite-cleanup.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

const ROWS = 800

describe('an upload in the portal', () => {
  let world: PortalWorld
  const cleanup = suiteCleanup()
  before(async () => {
    world = await startPortalWorld(cleanup)
  })

  async function makeRoster(t: { after(done: () => Promise<void>): void }): Promise<string> {
    const path = join(await temporaryFolder(t), 'large users.csv')
    const name = 'Ada '.repeat(60).trim()
    const row = (index: number) =>
      `u${index},${name},Welcome-2026,u${index}@school.example,fr-FR,TRUE,GRADER,root`
    const head =
      'user_username,user_name,user_password,user_email,user_language,user_active,user_role,user_organizationId'
    const rows = Array.from({ length: ROWS }, (_, index) => row(index))
    await writeFile(path, `${[head, ...rows].join('\n')}\n`)
    return path
  }

  /** In bytes a second; null for no limit. */
  async function limitUploads(page: Page, rate: number | null): Promise<void> {
    const session = await page.context().newCDPSession(page)
    await session.send('Network.enable')
    await session.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: rate ?? -1,
    })
  }

  async function isHalfWay(page: Page): Promise<void> {
    const bar = page.getByRole('progressbar', { name: 'Uploading' })
    await until('some of it is sent', async () => Number(await bar.getAttribute('value')) > 0.3)
  }

  it('goes on after a reload in the middle of it, where it was', async (t) => {
    const file = await makeRoster(t)
    const page = await world.signIn(t)
    await page.goto('/imports')
    await limitUploads(page, 60_000)
    await page.locator('input[type=file]').setInputFiles(file)
    await isHalfWay(page)
    await page.reload()
    await page.getByText(/^large users\.csv stopped at \d+\s?%/).waitFor()
    await assertAccessible(page)
    await limitUploads(page, null)
    const offsets: number[] = []
    page.on('request', (request) => {
      if (request.method() === 'PATCH') offsets.push(Number(request.headers()['upload-offset']))
    })
    await page.locator('input[type=file]').setInputFiles(file)
    await page.getByRole('heading', { name: 'large users.csv' }).waitFor()
    assert.equal(offsets.length, 1)
    assert.ok((offsets[0] ?? 0) > 0, 'it did not begin anew')
    await page.getByText(ROWS.toLocaleString('en-GB'), { exact: true }).first().waitFor()
  })

  it('is paused and given up by a button', async (t) => {
    const file = await makeRoster(t)
    const page = await world.signIn(t)
    await page.goto('/imports')
    await limitUploads(page, 50_000)
    await page.locator('input[type=file]').setInputFiles(file)
    await isHalfWay(page)
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('button', { name: 'Give up large users.csv' }).click()
    const uploads = () => world.server.core.database.kysely.selectFrom('uploads').selectAll()
    await until('nothing of it is kept', async () => {
      return (await uploads().where('completed_at', 'is', null).execute()).length === 0
    })
    await page.reload()
    await page.getByRole('heading', { name: 'Imports', level: 1 }).waitFor()
    assert.equal(await page.getByText('stopped at').count(), 0)
  })

  it('waits for a connection that is away', async (t) => {
    const file = await makeRoster(t)
    const page = await world.signIn(t)
    await page.goto('/imports')
    let broken = 0
    await page.route('**/v1/uploads/*', async (route) => {
      if (route.request().method() !== 'PATCH' || broken >= 2) return await route.continue()
      broken += 1
      await route.abort('connectionreset')
    })
    await page.locator('input[type=file]').setInputFiles(file)
    await page.getByRole('heading', { name: 'large users.csv' }).waitFor()
    assert.equal(broken, 2)
  })
})
