import { once } from 'node:events'
import { request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { issueToken, setPassword } from '../src/auth/issue.ts'
import { readSettings } from '../src/config.ts'
import { createAccount } from '../src/core/accounts/accounts.ts'
import { createOrganization } from '../src/core/accounts/organizations.ts'
import type { Core } from '../src/core/core.ts'
import { insertStoredFile, storeBytes } from '../src/core/stored-files.ts'
import { demandStudyDelivery } from '../src/core/studies/studies.ts'
import { insertStudyFiles } from '../src/core/studies/study-files.ts'
import { transact } from '../src/core/transact.ts'
import { openInstallation } from '../src/open-installation.ts'
import { benchEnvironment, startServer, temporaryFolder } from './process.ts'
import { residentMegabytes } from './resident.ts'
import type { Row } from './table.ts'

const DELIVERIES = 10
const BATCH = 1000
const root = '/api_file/v1/BENCH'

/** When the first byte of a studies listing comes, and what memory the whole of it takes. */
export async function benchListing({ quick }: { quick: boolean }): Promise<Row[]> {
  await using folder = await temporaryFolder()
  const environment = await benchEnvironment(folder.path)
  const files = quick ? 100_000 : 1_000_000
  const { token, username, password } = await seedStudies(environment, files)
  await using server = await startServer(environment)
  const bearer = `Bearer ${token}`
  const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  const rows: Row[] = []
  for (const [depth, path] of [
    ['organization', `${root}/`],
    ['study', `${root}/S/`],
    ['delivery', `${root}/S/D1/`],
  ] as const) {
    const url = server.url + path
    const first = await firstByte(url, basic)
    const times = await repeated(40, () => firstByte(url, basic))
    const byToken = await repeated(40, () => firstByte(url, bearer))
    const least = await repeated(40, () => firstByte(`${server.url}/healthz`, bearer))
    rows.push({
      what: `first byte of the listing of ${depth === 'delivery' ? files / DELIVERIES : files} files, the ${depth}, by password`,
      measured: `${median(times).toFixed(1)} ms, slowest of 40 ${Math.max(...times).toFixed(1)} ms`,
      against: `the very first ${first.toFixed(1)} ms; by token ${median(byToken).toFixed(1)} ms; "/healthz" ${median(least).toFixed(1)} ms`,
      ratio: null,
      goal: '< 50 ms',
    })
  }
  return [...rows, await wholeListing(server, `${root}/`, { bearer, files })]
}

async function wholeListing(
  server: { url: string; pid: number },
  path: string,
  { bearer, files }: { bearer: string; files: number },
): Promise<Row> {
  const before = residentMegabytes(server.pid)
  let peak = before
  const meter = setInterval(() => {
    peak = Math.max(peak, residentMegabytes(server.pid))
  }, 50)
  const begun = performance.now()
  const response = await fetch(server.url + path, { headers: { Authorization: bearer } })
  let bytes = 0
  for await (const chunk of response.body ?? []) bytes += chunk.byteLength
  clearInterval(meter)
  const seconds = (performance.now() - begun) / 1000
  return {
    what: `memory of the server while it lists ${files} files (${Math.round(bytes / 1e6)} MB)`,
    measured: `${peak} MB at most, ${seconds.toFixed(1)} s`,
    against: `${before} MB before`,
    ratio: null,
    goal: 'does not grow with the files',
  }
}

/** How long the first byte of the body takes to come, in ms, over a connection of its own. */
async function firstByte(url: string, authorization: string): Promise<number> {
  const begun = performance.now()
  const sent = request(url, { headers: { authorization }, agent: false }).end()
  const [response] = await once(sent, 'response')
  if (response.statusCode !== 200) throw new Error(`${url} answers ${response.statusCode}.`)
  await once(response, 'readable')
  const milliseconds = performance.now() - begun
  sent.destroy()
  return milliseconds
}

async function repeated(times: number, measure: () => Promise<number>): Promise<number[]> {
  const results: number[] = []
  for (let round = 0; round < times; round += 1) {
    results.push(await measure())
    // The server may still be reading on for the one before, which has left.
    await wait(50)
  }
  return results
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

/** A study with deliveries of equally many files, all of which show the same bytes. */
async function seedStudies(environment: Record<string, string>, files: number) {
  const installation = await openInstallation(readSettings(environment))
  const { core } = installation
  try {
    const { id: organizationId } = await createOrganization(core, 'system', { code: 'BENCH' })
    const { id: accountId, username } = await createAccount(core, 'system', {
      organizationId,
      username: 'bench',
      permissions: ['study:*'],
    })
    const issuing = { actor: 'system' as const, accountId }
    const password = 'a password of the bench'
    await setPassword(core, issuing, password)
    for (let number = 1; number <= DELIVERIES; number += 1) {
      await seedDelivery(core, {
        path: { organization: 'BENCH', study: 'S', delivery: `D${number}` },
        organizationId,
        files: files / DELIVERIES,
      })
    }
    return { ...(await issueToken(core, issuing)), username, password }
  } finally {
    await installation.close()
  }
}

async function seedDelivery(
  core: Core,
  {
    path,
    organizationId,
    files,
  }: {
    path: { organization: string; study: string; delivery: string }
    organizationId: string
    files: number
  },
): Promise<void> {
  const bytes = await storeBytes(core, 'bench', oneByte())
  const stored = await transact(core, (change) => insertStoredFile(change, bytes, 'text/csv'))
  for (let from = 0; from < files; from += BATCH) {
    await transact(core, async (change) => {
      const delivery = await demandStudyDelivery(change, { path, organizationId, actorId: null })
      const names = Array.from({ length: BATCH }, (_, index) => `visitors ${from + index}.csv`)
      await insertStudyFiles(
        change,
        delivery,
        names.map((name) => ({ name, segment: name, mediaType: 'text/csv', stored })),
      )
    })
  }
}

async function* oneByte(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('x')
}
