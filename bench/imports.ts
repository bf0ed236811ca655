import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { issueToken } from '../src/auth/issue.ts'
import { readSettings } from '../src/config.ts'
import { createAccount } from '../src/core/accounts/accounts.ts'
import { createOrganization } from '../src/core/accounts/organizations.ts'
import { ROSTERING } from '../src/core/imports/imports.ts'
import { openInstallation } from '../src/open-installation.ts'
import type { Delays } from './delay-probe.ts'
import { type BenchProcess, benchEnvironment, startServer, temporaryFolder } from './process.ts'
import type { Row } from './table.ts'

/** How long an import of many rows holds up the main thread, first into an empty roster, then over itself. */
export async function benchImports({ quick }: { quick: boolean }): Promise<Row[]> {
  await using folder = await temporaryFolder()
  const environment = await benchEnvironment(folder.path)
  const token = await seedImporter(environment)
  const probe = new URL('./delay-probe.ts', import.meta.url).href
  await using server = await startServer(environment, ['--import', probe])
  const count = quick ? 20_000 : 100_000
  // Once to compile what runs: a server is not measured at its first request.
  await importGroups(server, token, { count: 2000, description: 'zeroth' })
  const rows: Row[] = []
  for (const [description, what] of [
    ['first', 'made'],
    ['second', 'changed'],
  ] as const) {
    server.child.send('begin')
    const begun = performance.now()
    await importGroups(server, token, { count, description })
    const seconds = (performance.now() - begun) / 1000
    server.child.send('end')
    const [{ p99, max, longestWork }] = (await once(server.child, 'message')) as [Delays]
    rows.push({
      what: `longest work of the main thread, an import in which ${count} groups are ${what}`,
      measured: `${longestWork.toFixed(1)} ms`,
      against: `event loop delay p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms; ${seconds.toFixed(1)} s`,
      ratio: null,
      goal: '≤ 20 ms',
    })
  }
  return rows
}

async function importGroups(
  { url }: BenchProcess,
  token: string,
  { count, description }: { count: number; description: string },
): Promise<void> {
  const headers = { Authorization: `Bearer ${token}` }
  const lines = Array.from({ length: count }, (_, index) => `Group ${index},${description},TRUE`)
  const form = new FormData()
  const file = new Blob([`group_name,group_description,group_active\n${lines.join('\n')}\n`])
  form.append('file', file, 'groups.csv')
  const sent = await fetch(`${url}/api/v1/upload`, { method: 'POST', headers, body: form })
  const { statusUrl } = (await sent.json()) as { statusUrl: string }
  for (let status = 'pending'; status !== 'completed'; ) {
    await wait(20)
    const answer = await fetch(statusUrl, { headers })
    status = ((await answer.json()) as { status: string }).status
    if (status === 'failed') throw new Error('An import of the bench has failed.')
  }
}

async function seedImporter(environment: Record<string, string>): Promise<string> {
  const installation = await openInstallation(readSettings(environment))
  const { core } = installation
  try {
    const { id: organizationId } = await createOrganization(core, 'system', { code: 'BENCH' })
    const account = { organizationId, username: 'bench', permissions: [ROSTERING] }
    const { id: accountId } = await createAccount(core, 'system', account)
    return (await issueToken(core, { actor: 'system', accountId })).token
  } finally {
    await installation.close()
  }
}
