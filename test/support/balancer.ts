import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** A plain TCP balancer, which knows nothing of what goes through it. */
export interface Balancer {
  readonly port: number
  /** Puts a backend, by its port on loopback, in this place; null: nothing is there any more. */
  put(place: number, port: number | null): void
  /** Cuts everybody off, and refuses whoever comes, until `mend`. */
  cut(): void
  /** Lets nothing through, and says so to nobody, until `mend`. */
  freeze(): void
  mend(): void
}

type Way = 'open' | 'cut' | 'frozen'

/** A backend that refused is asked again after so long. */
const DROPPED_MS = 500

/**
 * Gives each new connection to the next backend in turn. One that refuses is dropped for a moment,
 * and the next one gets the connection; with none left it is reset. It ends with the test.
 */
export async function startBalancer(t: Pick<TestContext, 'after'>): Promise<Balancer> {
  const backends = new Map<number, number>()
  const droppedUntil = new Map<number, number>()
  const sockets = new Set<Socket>()
  const pairs = new Set<readonly [Socket, Socket]>()
  let turn = 0
  let way: Way = 'open'

  // Halves close one by one, as they do without a balancer.
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    keep(client)
    if (way === 'cut') client.resetAndDestroy()
    else void serve(client)
  })

  function keep(socket: Socket): void {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }

  async function serve(client: Socket): Promise<void> {
    const backend = await reach()
    if (backend === null || client.destroyed) {
      backend?.destroy()
      client.resetAndDestroy()
      return
    }
    const pair = [client, backend] as const
    pairs.add(pair)
    for (const [from, to] of [pair, pair.toReversed() as [Socket, Socket]]) {
      from.on('error', () => to.resetAndDestroy())
      from.on('close', () => {
        to.destroySoon()
        pairs.delete(pair)
      })
    }
    if (way === 'open') join(pair)
  }

  /** A connection to the next backend that takes one; null when none does. */
  async function reach(): Promise<Socket | null> {
    const inTurn = [...backends.keys()].sort()
    for (let tries = inTurn.length; tries > 0; tries--) {
      const place = inTurn[turn++ % inTurn.length] ?? 0
      const port = backends.get(place)
      if (port === undefined || (droppedUntil.get(port) ?? 0) > performance.now()) continue
      const backend = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
      keep(backend)
      const isConnected = await once(backend, 'connect').then(
        () => true,
        () => false,
      )
      if (isConnected) return backend
      droppedUntil.set(port, performance.now() + DROPPED_MS)
    }
    return null
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    port: (server.address() as AddressInfo).port,
    put(place, port) {
      if (port === null) backends.delete(place)
      else backends.set(place, port)
    },
    cut() {
      way = 'cut'
      for (const socket of sockets) socket.resetAndDestroy()
    },
    freeze() {
      way = 'frozen'
      for (const [client, backend] of pairs) {
        client.unpipe(backend).pause()
        backend.unpipe(client).pause()
      }
    },
    mend() {
      if (way === 'frozen') for (const pair of pairs) join(pair)
      way = 'open'
    },
  }
}

function join([client, backend]: readonly [Socket, Socket]): void {
  client.pipe(backend).pipe(client)
}
