import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { issueToken } from '../src/auth/issue.ts'
import { readSettings } from '../src/config.ts'
import { createAccount } from '../src/core/accounts.ts'
import { requestDownload } from '../src/core/downloads.ts'
import { createOrganization } from '../src/core/organizations.ts'
import { openInstallation } from '../src/open-installation.ts'
import { inTurns, requestsPerSecond } from './load.ts'
import { benchEnvironment, startProcess, temporaryFolder } from './process.ts'
import type { Row } from './table.ts'

const CONNECTIONS = 16
const ROUND_MS = 2000

/** Polls, creates, and the memory after a minute of both. */
export async function benchApi({ quick }: { quick: boolean }): Promise<Row[]> {
  await using folder = await temporaryFolder()
  const environment = {
    ...benchEnvironment(folder.path),
    CLAIMCHECK_CONFIG: new URL('./bench.config.ts', import.meta.url).pathname,
    // What is created stays waiting: the bench measures the asking, not the making.
    CLAIMCHECK_JOB_CONCURRENCY: '0',
  }
  const { token, id } = await seed(environment)
  await using server = await startProcess(
    '../src/main.ts',
    ['serve', '--port', '0', '--json'],
    environment,
  )
  await using bare = await startProcess('./bare-route.ts', [
    join(environment.CLAIMCHECK_DATA, 'claimcheck.sqlite'),
  ])
  const headers = { Authorization: `Bearer ${token}` }
  const load = { connections: CONNECTIONS, milliseconds: ROUND_MS, headers }
  const path = `/api/downloads/${id}`
  const create = {
    ...load,
    url: `${server.url}/api/downloads`,
    body: '{"download":{"download_type":"nothing"}}',
  }
  const rates = await inTurns(quick ? 3 : 5, {
    poll: () => requestsPerSecond({ ...load, url: server.url + path }),
    bare: () => requestsPerSecond({ ...load, url: bare.url + path }),
    create: () => requestsPerSecond(create),
  })
  const until = performance.now() + (quick ? 5_000 : 60_000)
  while (performance.now() < until) {
    await Promise.all([
      requestsPerSecond({ ...load, url: server.url + path }),
      requestsPerSecond({ ...create, connections: 4 }),
    ])
  }
  const rss = residentMegabytes(server.pid)
  return [
    {
      what: `poll a download, signed in, ${CONNECTIONS} connections`,
      measured: `${Math.round(rates.poll)} /s`,
      against: `${Math.round(rates.bare)} /s (bare Fastify route, one SQLite look-up)`,
      ratio: rates.poll / rates.bare,
      goal: '≥ 0.7',
    },
    {
      what: 'create a download, on disk before the answer',
      measured: `${Math.round(rates.create)} /s`,
      against: '',
      ratio: null,
      goal: '',
    },
    {
      what: `resident memory after ${quick ? '5 s' : 'a minute'} of polls and creates`,
      measured: `${rss} MB`,
      against: '',
      ratio: null,
      goal: '< 150 MB',
    },
  ]
}

async function seed(environment: Record<string, string>): Promise<{ token: string; id: string }> {
  const installation = await openInstallation(readSettings(environment))
  const { core } = installation
  try {
    const { id: organizationId } = await createOrganization(core, 'system', { code: 'BENCH' })
    const permissions = ['download:nothing']
    const account = await createAccount(core, 'system', {
      organizationId,
      username: 'bench',
      permissions,
    })
    const { token } = await issueToken(core, { actor: 'system', accountId: account.id })
    const delivery = await requestDownload(
      core,
      {
        accountId: account.id,
        organizationId,
        username: 'bench',
        permissions: new Set(permissions),
        scopes: null,
      },
      { type: 'nothing' },
    )
    return { token, id: delivery.id }
  } finally {
    await installation.close()
  }
}

function residentMegabytes(pid: number): number {
  const [, pages = '0'] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')
  return Math.round((Number(pages) * 4096) / 1e6)
}
