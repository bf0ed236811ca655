import type { TestAccount } from './test-server.ts'

export interface Answer<Body> {
  status: number
  headers: Headers
  body: Body
}

export interface Listing {
  metadata: Record<string, number>
  content: { filename: string; checksum: string; uri: string; fileSize: number }[]
}

/** Calls of the orders API for tests. */
export function createOrdersClient(url: string) {
  async function call<Body = Record<string, unknown>>(
    account: Pick<TestAccount, 'headers'> | null,
    target: string,
    options: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer<Body>> {
    const { method, body, headers } = options
    const response = await fetch(target.startsWith('http') ? target : `${url}/api/v1${target}`, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        ...account?.headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    const parsed: unknown = isJson && text !== '' ? JSON.parse(text) : text
    return { status: response.status, headers: response.headers, body: parsed as Body }
  }

  return {
    call,
    /** Places an order and returns its id. */
    async order(account: TestAccount, ...queries: string[]): Promise<number> {
      const { status, body } = await call<{ orderId: number }>(
        account,
        '/rs-order/user/orders/apply',
        { body: { queries } },
      )
      if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`)
      return body.orderId
    },
    available: (account: TestAccount, id: number, query = '') =>
      call<Listing>(account, `/rs-order/user/orders/${id}/files/available${query}`),
    /** The order's status and counters. */
    async show(account: TestAccount, id: number): Promise<Record<string, unknown>> {
      const { body } = await call<{ content: Record<string, unknown> }>(
        account,
        `/rs-order/user/orders/${id}`,
      )
      return body.content
    },
  }
}
