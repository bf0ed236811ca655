import type { TestContext } from 'node:test'
import { createTestAccount, startTestServer, type TestAccount } from './test-server.ts'

/** An answer of the port orders API; the body is whatever its document says. */
export interface PortOrderAnswer {
  status: number
  headers: Headers
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of many forms
  body: any
}

/** A body that creates an order; the attributes given stand above the usual ones. */
export function newOrder(attributes: Record<string, unknown> = {}) {
  return {
    data: {
      type: 'portorder',
      attributes: {
        numbers: ['+12065551234', '+12065551235'],
        billing_name: 'John Doe',
        provider: 'Verizon',
        street: '1218 3rd Ave',
        city: 'Seattle',
        state: 'WA',
        zip: '98101',
        country: 'US',
        ...attributes,
      },
    },
  }
}

interface RawBody {
  type: string
  body: string
}

/** A server with a customer (`ada`) and an administrator of one organization. */
export async function setUpPortOrders(
  t: Pick<TestContext, 'after'>,
  environment: Record<string, string> = {},
) {
  const server = await startTestServer(t, {
    environment: { CLAIMCHECK_OUTGOING_ALLOW: '127.0.0.1', ...environment },
  })
  const { core, url } = server
  const account = (name: string, options: Parameters<typeof createTestAccount>[2]) =>
    createTestAccount(core, name, options)
  const ada = await account('ada', { permissions: ['port-orders'] })
  const admin = await account('admin', { permissions: ['admin'] })

  async function ask(path: string, init: RequestInit): Promise<PortOrderAnswer> {
    const response = await fetch(`${url}/v2/portorders${path}`, init)
    const text = await response.text()
    const body: unknown = text.startsWith('{') ? JSON.parse(text) : null
    return { status: response.status, headers: response.headers, text, body }
  }

  const headersOf = (who: TestAccount | null): Record<string, string> => who?.headers ?? {}

  return {
    server,
    core,
    url,
    ada,
    admin,
    account,
    api: (
      method: string,
      path: string,
      who: TestAccount | null,
      body?: unknown,
      more: Record<string, string> = {},
    ) =>
      ask(path, {
        method,
        headers: {
          ...headersOf(who),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...more,
        },
        body: body === undefined ? null : JSON.stringify(body),
      }),
    send: (method: string, path: string, who: TestAccount | null, raw: RawBody) =>
      ask(path, {
        method,
        headers: { ...headersOf(who), ...(raw.type === '' ? {} : { 'content-type': raw.type }) },
        body: raw.type === '' ? null : raw.body,
      }),
  }
}
