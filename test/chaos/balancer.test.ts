import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { startBalancer } from '../support/balancer.ts'

describe('the balancer of the chaos', () => {
  it('gives connections to the backends in turn, and passes over one that is dead', async (t) => {
    const balancer = await startBalancer(t)
    for (const [place, name] of ['a', 'b'].entries()) balancer.put(place, await backend(t, name))
    const said = () => hello(balancer.port)
    assert.deepEqual(new Set([await said(), await said()]), new Set(['a', 'b']))
    balancer.put(0, 1)
    assert.deepEqual([await said(), await said(), await said()], ['b', 'b', 'b'])
    balancer.put(1, null)
    assert.equal(await said(), null)
  })

  it('cuts everybody off, lets nothing through while it is frozen, and goes on', async (t) => {
    const balancer = await startBalancer(t)
    balancer.put(0, await backend(t, 'a'))
    const open = connect(balancer.port, '127.0.0.1')
    await once(open, 'data')
    balancer.cut()
    await once(open, 'close').catch(() => {})
    assert.equal(await hello(balancer.port), null)
    balancer.freeze()
    const waiting = hello(balancer.port)
    balancer.mend()
    assert.equal(await waiting, 'a')
  })
})

async function backend(t: TestContext, name: string): Promise<number> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {}).write(name)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return (server.address() as AddressInfo).port
}

/** What a new connection is greeted with; null when it is cut. */
async function hello(port: number): Promise<string | null> {
  const socket = connect(port, '127.0.0.1')
  try {
    const [greeting] = await once(socket, 'data', { signal: AbortSignal.timeout(30_000) })
    return String(greeting)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') return null
    throw error
  } finally {
    socket.destroy()
  }
}
