import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { demoAccounts } from '../../src/demo/accounts.ts'
import { demoSettings } from '../../src/demo/settings.ts'
import { startDemo } from '../../src/demo/start-demo.ts'
import { createLog } from '../../src/log.ts'
import { startBrowser } from './browser.ts'

/** Takes the pictures of `docs/screenshots` from the demo, light and dark. */
const pictures = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url))
const tasks: (() => unknown)[] = []
const cleanup = { after: (task?: unknown) => void tasks.push(task as () => unknown) }

interface Picture {
  name: string
  path: string
  who: 'user' | 'admin'
  width?: number
  height?: number
  /** What is done on the page before it is taken. */
  prepare?(page: Page): Promise<void>
}

const wanted: Picture[] = [
  { name: 'pick-up', path: '/', who: 'user' },
  { name: 'ask', path: '/ask', who: 'user' },
  { name: 'order', path: '/orders/1', who: 'user' },
  { name: 'studies', path: '/studies', who: 'user', prepare: chooseTwo },
  { name: 'imports', path: '/imports', who: 'user' },
  { name: 'keys', path: '/keys', who: 'user' },
  { name: 'phone', path: '/', who: 'user', width: 375, height: 720 },
  { name: 'accounts', path: '/admin/accounts', who: 'admin' },
  { name: 'jobs', path: '/admin/jobs', who: 'admin' },
  { name: 'audit', path: '/admin/audit', who: 'admin' },
]

try {
  const data = await mkdtemp(join(tmpdir(), 'claimcheck-screenshots-'))
  cleanup.after(() => rm(data, { recursive: true, force: true }))
  const log = createLog({ level: 'warn', descriptor: 2 })
  const demo = await startDemo(demoSettings({ data, port: '0' }), log)
  cleanup.after(() => demo.close())
  const { url } = demo.report
  await askForDownloads(url)
  const browser = await startBrowser(cleanup)
  for (const colorScheme of ['light', 'dark'] as const) await takeAll(browser, url, colorScheme)
} finally {
  for (const task of tasks.reverse()) await task()
}

async function takeAll(
  browser: Browser,
  url: string,
  colorScheme: 'light' | 'dark',
): Promise<void> {
  for (const who of ['user', 'admin'] as const) {
    const context = await browser.newContext({
      baseURL: url,
      colorScheme,
      locale: 'en-GB',
      timezoneId: 'UTC',
    })
    const page = await context.newPage()
    await page.setViewportSize({ width: 1200, height: 760 })
    await page.goto('/')
    await page.getByLabel('User name').waitFor()
    if (who === 'user') await page.screenshot({ path: `${pictures}sign-in-${colorScheme}.png` })
    await page.getByLabel('User name').fill(demoAccounts[who].username)
    await page.getByLabel('Password').fill(demoAccounts[who].password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { level: 1, name: 'Pick up', exact: true }).waitFor()
    for (const picture of wanted.filter((one) => one.who === who)) {
      const { width = 1200, height = 760 } = picture
      await page.setViewportSize({ width, height })
      await page.goto(picture.path)
      await page.locator('h1').waitFor()
      await page.waitForLoadState('load')
      await page.locator('.skeleton').waitFor({ state: 'detached' })
      await picture.prepare?.(page)
      // The rows look their files up once they are seen.
      await page.waitForTimeout(400)
      await page.screenshot({ path: `${pictures}${picture.name}-${colorScheme}.png` })
    }
    await context.close()
  }
}

async function chooseTwo(page: Page): Promise<void> {
  const boxes = page.getByRole('checkbox')
  await boxes.nth(0).check()
  await boxes.nth(1).check()
}

async function askForDownloads(url: string): Promise<void> {
  const headers = {
    authorization: `Bearer ${demoAccounts.token}`,
    'content-type': 'application/json',
  }
  const ask = async (body: object, prefer = 'wait=0') => {
    const made = await fetch(`${url}/v1/deliveries`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
    const { id } = (await made.json()) as { id: string }
    await (await fetch(`${url}/v1/deliveries/${id}`, { headers: { ...headers, prefer } })).text()
  }
  await ask({ type: 'communes' }, 'wait=30')
  await ask({ type: 'communes-of-departement', info: { departement: '75' } }, 'wait=30')
  await ask({ type: 'departements' }, 'wait=30')
  await ask({ type: 'countdown', info: { seconds: 90 } })
}
