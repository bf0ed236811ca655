import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { Provider } from 'oidc-provider'

/** A real OpenID Connect provider on this machine. */
export interface TestIdentityProvider {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Begins to answer. Whoever signs in there is believed to be whom they say. */
  start(redirectUrl: string): void
  /** What it tells of the people it knows, by their id there. */
  readonly people: Map<string, Record<string, unknown>>
}

/** It has its address at once and answers from `start` on: the server that it serves must know it first. */
export async function createTestIdentityProvider(
  t: Pick<TestContext, 'after'>,
): Promise<TestIdentityProvider> {
  let listener: RequestListener = (_request, response) => response.writeHead(503).end()
  const server = createServer((request, response) => listener(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = { clientId: 'claimcheck', clientSecret: 'a secret of the test' }
  const people = new Map<string, Record<string, unknown>>()
  return {
    issuer,
    ...client,
    people,
    start(redirectUrl) {
      const provider = new Provider(issuer, {
        clients: [
          {
            client_id: client.clientId,
            client_secret: client.clientSecret,
            redirect_uris: [redirectUrl],
          },
        ],
        claims: {
          openid: ['sub'],
          profile: ['preferred_username'],
          email: ['email', 'email_verified'],
        },
        cookies: { keys: ['cookies of the test'] },
        pkce: { required: () => true },
        findAccount: async (_context, id) => ({
          accountId: id,
          claims: async () => ({ sub: id, ...people.get(id) }),
        }),
      })
      listener = provider.callback()
    },
  }
}
