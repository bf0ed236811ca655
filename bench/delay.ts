import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import BetterSqlite3 from 'better-sqlite3'
import type { Delays } from './delay-probe.ts'
import { benchEnvironment, startServer, temporaryFolder } from './process.ts'
import type { Row } from './table.ts'
import { seedWorld } from './world.ts'

const ROWS = 35_000
const AT_ONCE = 4

/** How long the main thread is held up while downloads of many rows are made, polled and taken. */
export async function benchDelay({ quick }: { quick: boolean }): Promise<Row[]> {
  await using folder = await temporaryFolder()
  const environment = await benchEnvironment(folder.path)
  const { token } = await seedWorld(environment, [])
  fillRows(join(folder.path, 'rows.sqlite'))
  const probe = new URL('./delay-probe.ts', import.meta.url).href
  await using server = await startServer(environment, ['--import', probe])
  const makeAll = () =>
    Promise.all(Array.from({ length: AT_ONCE }, () => makeDownload(server.url, token)))
  // Once to compile what runs: a server is not measured at its first request.
  await makeAll()
  server.child.send('begin')
  for (let round = 0; round < (quick ? 3 : 10); round += 1) await makeAll()
  server.child.send('end')
  const [{ p99, max, longestWork }] = (await once(server.child, 'message')) as [Delays]
  return [
    {
      what: `longest work of the main thread, ${AT_ONCE} downloads of ${ROWS} rows at once, polled`,
      measured: `${longestWork.toFixed(1)} ms`,
      against: `event loop delay p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms`,
      ratio: null,
      goal: '≤ 20 ms',
    },
  ]
}

async function makeDownload(url: string, token: string): Promise<void> {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  const body = '{"download":{"download_type":"rows"}}'
  const created = await fetch(`${url}/api/downloads`, { method: 'POST', headers, body })
  let { download } = (await created.json()) as { download: { id: string; state: string } }
  while (download.state !== 'done') {
    if (download.state === 'failed') throw new Error('A download of the bench has failed.')
    await wait(20)
    const answer = await fetch(`${url}/api/downloads/${download.id}`, { headers })
    download = ((await answer.json()) as { download: typeof download }).download
  }
  const file = await fetch(`${url}/api/downloads/${download.id}/file`, { headers })
  if ((await file.text()).split('\n').length < ROWS) throw new Error('The file has not all rows.')
}

function fillRows(path: string): void {
  const database = new BetterSqlite3(path)
  database.exec('create table entries (number integer primary key, name, code, place, amount)')
  const insert = database.prepare('insert into entries values (?, ?, ?, ?, ?)')
  database.transaction(() => {
    for (let number = 1; number <= ROWS; number += 1) {
      insert.run(
        number,
        `Entry ${number}`,
        `C${number % 997}`,
        `Place, "${number % 31}"`,
        number / 7,
      )
    }
  })()
  database.close()
}
