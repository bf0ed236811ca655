import type { TestContext } from 'node:test'
import { defineConfig, module, worker } from '../../src/define-config.ts'
import { type DocumentedApi, openDocumentedApi, type Sent } from './documented-api.ts'
import {
  createTestAccount,
  startTestServer,
  type TestAccount,
  type TestServer,
} from './test-server.ts'

/** What the API says of a delivery, as far as tests look at it. */
export interface DeliveryJson {
  id: string
  number: number
  state: string
  progress: number
  message: string | null
  type: string
  info: unknown
  ownerId: string
}

export interface Page<Item> {
  items: Item[]
  next: string | null
}

export interface World extends DocumentedApi {
  server: TestServer
  /** May ask for each type and do outside work. */
  ada: TestAccount
  /** Of the same organization as ada, with the same permissions. */
  bob: TestAccount
  /** Administers the organization of ada and bob. */
  admin: TestAccount
  /** An administrator of another organization, with all permissions there. */
  eve: TestAccount
  /** Ada's `hello` download, over. */
  helloOf(account: TestAccount): Promise<DeliveryJson>
  /** A `report` that waits for an outside worker. */
  reportOf(account: TestAccount, info?: unknown): Promise<DeliveryJson>
}

/** A real server with four accounts in two organizations and a type of each kind. */
export async function startWorld(
  t: Pick<TestContext, 'after'>,
  environment: Record<string, string> = {},
): Promise<World> {
  const server = await startTestServer(t, {
    environment,
    config: defineConfig({
      downloadTypes: {
        hello: {
          producer: module({
            produce({ file }) {
              file('hello.txt', 'text/plain').end('Hello\n')
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
        report: {
          maxAttempts: 2,
          info: {
            type: 'object',
            properties: { year: { type: 'integer' } },
            additionalProperties: false,
          },
          producer: worker(),
        },
      },
    }),
  })
  const { core } = server
  const permissions = ['download:*', 'work:*']
  const [ada, bob, admin, eve] = [
    await createTestAccount(core, 'ada', { permissions, scopes: ['rostering', 'download:hello'] }),
    await createTestAccount(core, 'bob', { permissions }),
    await createTestAccount(core, 'admin', { permissions: ['admin'] }),
    await createTestAccount(core, 'eve', {
      organization: 'other',
      permissions: ['admin', ...permissions],
    }),
  ]
  const api = await openDocumentedApi(server.url)
  const create = (account: TestAccount, body: object) =>
    api.json<DeliveryJson>('POST', '/v1/deliveries', {
      headers: account.headers,
      body,
      status: 201,
    })
  return {
    ...api,
    server,
    ...{ ada, bob, admin, eve },
    async helloOf(account) {
      const { id } = await create(account, { type: 'hello' })
      return await api.json<DeliveryJson>('GET', `/v1/deliveries/${id}`, {
        headers: { ...account.headers, prefer: 'wait=60' },
      })
    },
    reportOf: (account, info = {}) => create(account, { type: 'report', info }),
  }
}

/** A request of an account. */
export function by(account: TestAccount, sent: Sent = {}): Sent {
  return { ...sent, headers: { ...account.headers, ...sent.headers } }
}
