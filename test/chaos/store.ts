import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Balancer, startBalancer } from '../support/balancer.ts'
import { startRadosgw } from '../support/radosgw.ts'

export interface ChaosStore {
  /** For the nodes: what they say to the store goes through `line`. */
  readonly settings: Record<string, string>
  readonly line: Balancer
}

/** The one store of all nodes, behind a line that can be cut: a real one, or the strict fake in a process of its own. */
export async function startChaosStore(
  t: Pick<TestContext, 'after'>,
  kind: 'real' | 'fake',
): Promise<ChaosStore> {
  const direct = kind === 'real' ? (await startRadosgw(t)).settings : await keepFakeS3(t)
  const url = direct.CLAIMCHECK_STORAGE_URL ?? ''
  const [origin = '', port] = /http:\/\/127\.0\.0\.1:(\d+)/.exec(url) ?? []
  const line = await startBalancer(t)
  line.put(0, Number(port))
  const through = url.replace(origin, `http://127.0.0.1:${line.port}`)
  return { settings: { ...direct, CLAIMCHECK_STORAGE_URL: through }, line }
}

async function keepFakeS3(t: Pick<TestContext, 'after'>): Promise<Record<string, string>> {
  const program = fileURLToPath(import.meta.resolve('../support/fake-s3-keeper.ts'))
  const keeper = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(keeper, 'exit')
  t.after(async () => {
    keeper.stdin.end()
    await ended
  })
  for await (const line of createInterface({ input: keeper.stdout })) return JSON.parse(line)
  throw new Error('The fake store did not start.')
}
