import { spawnSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readSettings } from '../../src/config.ts'
import { type Installation, openInstallation } from '../../src/open-installation.ts'
import { type Balancer, startBalancer } from '../support/balancer.ts'
import { newKey } from '../support/keys.ts'
import { main } from '../support/main.ts'
import type { PostgresServer } from '../support/postgres.ts'
import { inOwnPlace } from '../support/s3-store.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { createTestAccount } from '../support/test-server.ts'
import type { Customer } from './customer.ts'
import type { Ledger } from './ledger.ts'
import { createMember, type Member, withOwnDisk } from './member.ts'
import type { ChaosStore } from './store.ts'

/** Nodes and workers over one database and one store, behind one balancer. */
export interface Cluster {
  /** Where customers come. */
  readonly url: string
  readonly accounts: readonly Pick<Customer, 'number' | 'headers'>[]
  readonly nodes: readonly Member[]
  readonly workers: readonly Member[]
  readonly database: PostgresServer
  readonly store: ChaosStore
  /** Rejects when a node or a worker ends that nobody has ended. */
  readonly fallen: Promise<never>
  /** Is every node up and ready? */
  isReady(): Promise<boolean>
  /** The installation without a server, for who looks at it afterwards; closed with the test. */
  open(): Promise<Installation>
}

export interface ClusterOptions {
  readonly nodes: number
  readonly workers: number
  readonly leaseSeconds: number
  readonly database: PostgresServer
  readonly store: ChaosStore
  readonly ledger: Ledger
}

const ACCOUNTS = 4
const CLOCK_SHIFT_MS = 5 * 60_000
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** Can a process have a small file system of its own here? */
export function canFillDisks(): boolean {
  const [program = '', ...words] = withOwnDisk('/mnt')
  return spawnSync(program, [...words, 'true']).status === 0
}

export async function startCluster(t: TestContext, options: ClusterOptions): Promise<Cluster> {
  const { database, store, ledger } = options
  const folder = await temporaryFolder(t)
  const balancer = await startBalancer(t)
  const url = `http://127.0.0.1:${balancer.port}`
  const environment = {
    ...inOwnPlace(store.settings),
    CLAIMCHECK_DATA: join(folder, 'data'),
    CLAIMCHECK_DATABASE_URL: database.url,
    CLAIMCHECK_DATABASE_CONNECT_SECONDS: '2',
    CLAIMCHECK_S3_PART_BYTES: '5242880',
    CLAIMCHECK_PUBLIC_URL: url,
    CLAIMCHECK_CONFIG: here('./claimcheck.config.ts'),
    CLAIMCHECK_SIGNING_KEYS: newKey('test'),
    CLAIMCHECK_MASTER_KEYS: newKey('test'),
    CLAIMCHECK_LEASE_SECONDS: String(options.leaseSeconds),
    CLAIMCHECK_JOB_RETRY_SECONDS: '0',
    // The sweep is at work all the time, and what it may take is only a little older than a lease.
    CLAIMCHECK_SWEEP_SECONDS: '2',
    CLAIMCHECK_ORPHAN_GRACE_SECONDS: '5',
    CLAIMCHECK_SHUTDOWN_SECONDS: '5',
    CLAIMCHECK_LOG_LEVEL: 'warn',
  }
  // Whoever looks at it afterwards takes away everything that is of nobody, however young.
  const quiet = { ...environment, CLAIMCHECK_ORPHAN_GRACE_SECONDS: '0' }
  const open = async () => await openInstallation(readSettings(quiet))
  const first = await open()
  const accounts = await createAccounts(first)
  const worker = await createTestAccount(first.core, 'worker', { permissions: ['work:*'] })
  await first.close()

  const fallen = Promise.withResolvers<never>()
  fallen.promise.catch(() => {})
  const onFall = (how: string) => fallen.reject(new Error(how))
  const urls: (string | null)[] = []
  const nodes = await Promise.all(
    Array.from({ length: options.nodes }, (_, index) =>
      createNode(t, { index, folder, environment, balancer, urls, onFall }),
    ),
  )
  await Promise.all(nodes.map((node) => node.start()))
  const workers = Array.from({ length: options.workers }, (_, index) =>
    createMember(t, {
      name: `worker ${index}`,
      command: [process.execPath, here('./worker.ts')],
      cwd: folder,
      env: { TEST_URL: url, TEST_TOKEN: worker.token },
      ownDisk: null,
      onFall,
      onLine: (line) => void ledger.completions.push(JSON.parse(line)),
      isReadyByLine: false,
    }),
  )
  await Promise.all(workers.map((one) => one.start()))
  return {
    ...{ url, accounts, nodes, workers, database, store, fallen: fallen.promise },
    async isReady() {
      const answers = urls.map((one) =>
        fetch(`${one}/readyz`, { signal: AbortSignal.timeout(5000) }).catch(() => null),
      )
      return (await Promise.all(answers)).every((answer) => answer?.status === 200)
    },
    async open() {
      const installation = await open()
      t.after(() => installation.close())
      return installation
    },
  }
}

async function createAccounts({ core }: Installation): Promise<Cluster['accounts']> {
  const accounts: Cluster['accounts'][number][] = []
  for (let number = 0; number < ACCOUNTS; number++) {
    const permissions = ['download:*']
    const { headers } = await createTestAccount(core, `customer-${number}`, { permissions })
    accounts.push({ number, headers })
  }
  return accounts
}

interface NodeOptions {
  readonly index: number
  readonly folder: string
  readonly environment: Record<string, string>
  readonly balancer: Balancer
  readonly urls: (string | null)[]
  onFall(how: string): void
}

/** Even ones are ahead when their clock is shifted, odd ones are behind. */
async function createNode(t: TestContext, options: NodeOptions): Promise<Member> {
  const { index, folder, environment, balancer, urls, onFall } = options
  const temporary = join(folder, `tmp-${index}`)
  await mkdir(temporary)
  return createMember(t, {
    name: `node ${index}`,
    command: [
      ...[process.execPath, '--import', here('./end-with-parent.ts')],
      ...['--import', here('./shift-clock.ts')],
      ...[main, 'serve', '--port', '0', '--json'],
    ],
    cwd: folder,
    env: {
      ...environment,
      TMPDIR: temporary,
      TEST_CLOCK_MS: String(index % 2 === 0 ? CLOCK_SHIFT_MS : -CLOCK_SHIFT_MS),
    },
    ownDisk: canFillDisks() ? temporary : null,
    onFall,
    onLine(line) {
      const { url } = JSON.parse(line) as { url: string }
      urls[index] = url
      balancer.put(index, Number(new URL(url).port))
    },
    isReadyByLine: true,
  })
}
