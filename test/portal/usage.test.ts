import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { sweep } from '../../src/core/sweep.ts'
import { assertAccessible, type PortalWorld, startPortalWorld } from '../support/portal-world.ts'
import { suiteCleanup } from '../support/suite-cleanup.ts'
import { createTestAccount } from '../support/test-server.ts'
import { until } from '../support/until.ts'

interface Usage {
  from: string
  until: string
  items: {
    day: string
    sentBytes: number
    pickups: number
    storedBytes: number
    storedFiles: number
  }[]
}

describe('usage by day', () => {
  let world: PortalWorld
  const cleanup = suiteCleanup()
  before(async () => {
    world = await startPortalWorld(cleanup)
  })

  const readUsage = async (days = 30): Promise<Usage> => {
    const url = `${world.server.url}/v1/usage?days=${days}`
    return (await (await fetch(url, { headers: world.admin.headers })).json()) as Usage
  }

  it('adds up what went out of the organization, and counts what is kept', async () => {
    const { server, ada, greeting } = world
    const ask = { headers: { ...ada.headers, 'content-type': 'application/json' } }
    const body = JSON.stringify({ type: 'greeting', info: { name: 'Ada' } })
    const made = await fetch(`${server.url}/v1/deliveries`, { method: 'POST', body, ...ask })
    const { id } = (await made.json()) as { id: string }
    await fetch(`${server.url}/v1/deliveries/${id}`, {
      headers: { ...ada.headers, prefer: 'wait=30' },
    })
    const files = await fetch(`${server.url}/v1/deliveries/${id}/files`, ask)
    const [file] = ((await files.json()) as { items: { number: number }[] }).items
    const content = `${server.url}/v1/files/${file?.number}/content`
    const before = (await readUsage()).items[0]
    await (await fetch(content, ask)).arrayBuffer()
    await (await fetch(content, { headers: { ...ada.headers, range: 'bytes=0-99' } })).arrayBuffer()
    await sweep(server.core, { orphans: false })
    const sent = (before?.sentBytes ?? 0) + greeting.length + 100
    await until('the pick-ups are written', async () => {
      return (await readUsage()).items[0]?.sentBytes === sent
    })
    const [today] = (await readUsage()).items
    assert.ok(today !== undefined)
    assert.equal(today.pickups - (before?.pickups ?? 0), 1)
    assert.ok(today.storedBytes >= greeting.length)
    const { from, until: last } = await readUsage(7)
    assert.equal(Date.parse(last) - Date.parse(from), 6 * 86_400_000)
  })

  it('is for administrators, of their own organization alone', async () => {
    const { server, ada } = world
    const stranger = await createTestAccount(server.core, 'zoe', {
      organization: 'other',
      permissions: ['admin'],
    })
    const asked = async (headers: Record<string, string>) =>
      await fetch(`${server.url}/v1/usage`, { headers })
    assert.equal((await asked(ada.headers)).status, 403)
    assert.deepEqual(((await (await asked(stranger.headers)).json()) as Usage).items, [])
  })

  it('is shown as charts and as a table', async (t) => {
    const { admin } = world
    const page = await world.signIn(t, { account: admin })
    await page.getByRole('link', { name: 'Usage' }).click()
    await page.getByRole('figure').first().waitFor()
    assert.equal(await page.getByRole('figure').count(), 3)
    await page.getByText('The same as a table').click()
    await page.getByRole('cell', { name: '300 kB' }).first().waitFor()
    await assertAccessible(page)
    await page.getByLabel('Time').selectOption('7')
    await page.locator('.chart-bar').nth(6).waitFor()
    assert.equal(await page.locator('figure').first().locator('.chart-bar').count(), 7)
  })
})
