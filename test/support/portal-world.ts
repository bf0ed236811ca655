import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { TestContext } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { publishDelivery } from '../../src/core/studies/publish-delivery.ts'
import { defineConfig, module } from '../../src/define-config.ts'
import { startBrowser } from './browser.ts'
import {
  createTestAccount,
  startTestServer,
  type TestAccount,
  type TestServer,
} from './test-server.ts'

/** A real server with its portal, two accounts, and a browser. */
export interface PortalWorld {
  readonly server: TestServer
  readonly browser: Browser
  /** A customer with all that a customer may have. */
  readonly ada: TestAccount
  readonly admin: TestAccount
  /** What the type `greeting` makes. */
  readonly greeting: Buffer
  /** Lets the type `slow` end. */
  release(): void
  /** A page of a browser that nobody has used; it ends with the test. */
  openPage(t: Pick<TestContext, 'after'>, options?: BrowserContextOptions): Promise<Page>
  /** The same, signed in, on the first page. */
  signIn(t: Pick<TestContext, 'after'>, options?: SignInOptions): Promise<Page>
}

export interface SignInOptions extends BrowserContextOptions {
  account?: TestAccount
}

export async function startPortalWorld(t: Pick<TestContext, 'after'>): Promise<PortalWorld> {
  const greeting = Buffer.from(`Grüße\n${'x'.repeat(300_000)}`)
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const server = await startTestServer(t, {
    config: defineConfig({
      downloadTypes: {
        greeting: {
          title: 'A greeting',
          description: 'A text in the language of your choice.',
          info: {
            type: 'object',
            properties: {
              name: { type: 'string', title: 'Name', pattern: '^[A-Z].*' },
              language: { type: 'string', enum: ['de', 'fr'] },
              times: { type: 'integer', minimum: 1, maximum: 9 },
            },
            required: ['name'],
            additionalProperties: false,
          },
          producer: module({
            produce({ file }) {
              file('greeting.txt', 'text/plain').end(greeting)
            },
          }),
        },
        slow: {
          producer: module({
            async produce({ file, progress, signal }) {
              await progress(0.5, 'Half-way')
              const stopped = new Promise((resolve) => signal.addEventListener('abort', resolve))
              await Promise.race([released, stopped])
              file('slow.txt', 'text/plain').end('at last')
            },
          }),
        },
        failing: {
          maxAttempts: 1,
          producer: module({
            produce() {
              throw new Error('It cannot be made.')
            },
          }),
        },
      },
    }),
  })
  const { core } = server
  const permissions = ['download:*', 'order', 'rostering', 'port-orders', 'study:acme']
  const ada = await createTestAccount(core, 'ada', { permissions })
  const admin = await createTestAccount(core, 'admin', { permissions: ['admin', 'operator'] })
  await publishDelivery(core, 'system', {
    organization: 'acme',
    study: 'S-1',
    delivery: 'S-1-1',
    files: ['alpha.txt', 'beta.txt', 'gamma.csv'].map((name) => ({
      name,
      bytes: toStream(`This is ${name}.\n`),
    })),
  })
  const browser = await startBrowser(t)
  const openPage: PortalWorld['openPage'] = async (test, options = {}) => {
    const context = await browser.newContext({ baseURL: server.url, locale: 'en-GB', ...options })
    context.setDefaultTimeout(30_000)
    test.after(() => context.close())
    return await context.newPage()
  }
  return {
    ...{ server, browser, ada, admin, greeting, release, openPage },
    async signIn(test, { account = ada, ...options } = {}) {
      const page = await openPage(test, options)
      await page.goto('/')
      await page.locator('[autocomplete=username]').fill(account.username)
      await page.locator('[autocomplete=current-password]').fill(account.password)
      await page.keyboard.press('Enter')
      await page.locator('nav').first().waitFor({ state: 'attached' })
      return page
    },
  }
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8')

interface AxeResult {
  violations: {
    id: string
    impact: string | null
    nodes: { html: string; failureSummary: string }[]
  }[]
}

/** Asserts that axe finds nothing serious on the page as it is shown. */
export async function assertAccessible(page: Page): Promise<void> {
  // The policy of the page lets nothing in; the protocol of the browser does.
  const result = (await page.evaluate(
    `${axeSource}; axe.run(document, { resultTypes: ['violations'] })`,
  )) as AxeResult
  const serious = result.violations.filter(
    ({ impact }) => impact === 'serious' || impact === 'critical',
  )
  assert.deepEqual(
    serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`),
    [],
    new URL(page.url()).pathname,
  )
}

async function* toStream(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
