import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { launchPostgres } from './launch-postgres.ts'

/**
 * A process of its own that keeps a PostgreSQL server for a test: it tells the URL, stops and starts
 * the server when told to, and ends it when its standard input ends, as it does however the test ends.
 * Its argument is how much care the server takes of its data.
 */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
const care = process.argv[2] === 'durable' ? 'durable' : 'spared'
const place = care === 'durable' ? tmpdir() : await quickFolder()
const folder = await mkdtemp(join(place, 'claimcheck-postgres-'))
try {
  const server = await launchPostgres(folder, care)
  console.log(JSON.stringify({ url: server.url }))
  for await (const command of createInterface({ input: process.stdin })) {
    if (command === 'start') await server.start()
    if (command === 'stop') await server.stop('fast')
    if (command === 'crash') await server.stop('immediate')
    console.log(JSON.stringify({ command }))
  }
  await server.stop('immediate')
} catch (error) {
  console.log(JSON.stringify({ failed: error instanceof Error ? error.message : String(error) }))
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 20 })
}

/** In memory where there is a place for that: on a busy disk a new database takes 30 times as long. */
async function quickFolder(): Promise<string> {
  const memory = await statfs('/dev/shm').catch(() => null)
  const isRoomy = memory !== null && memory.bavail * memory.bsize > 2 ** 30
  return isRoomy ? '/dev/shm' : tmpdir()
}
