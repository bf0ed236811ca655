import { readFile } from 'node:fs/promises'
import { readSettings } from '../src/config.ts'
import { reopenArchive } from '../src/core/archives/open-archive.ts'
import { openInstallation } from '../src/open-installation.ts'
import { type DiskFile, type PeerName, peers } from './archive-peers.ts'

/**
 * A process that makes one archive again and again for some time and throws its bytes away; it prints
 * `{ archives, seconds, processorSeconds }` as JSON. Its argument is a file with what to do.
 */
interface Task {
  readonly maker: PeerName | 'claimcheck'
  readonly milliseconds: number
  readonly environment: Record<string, string>
  readonly archiveId: string
  readonly files: readonly DiskFile[]
}

const task = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as Task
const installation =
  task.maker === 'claimcheck' ? await openInstallation(readSettings(task.environment)) : null

async function make(): Promise<AsyncIterable<Uint8Array>> {
  if (task.maker !== 'claimcheck') return peers[task.maker](task.files)
  const archive = installation && (await reopenArchive(installation.core, task.archiveId))
  if (archive === null) throw new Error('The archive is not there.')
  return archive.content.read({ start: 0, end: archive.content.size })
}

async function once(): Promise<void> {
  for await (const _chunk of await make());
}

// Warm, as a server is.
await once()
const before = process.cpuUsage()
const begin = performance.now()
let archives = 0
while (performance.now() - begin < task.milliseconds) {
  await once()
  archives += 1
}
const seconds = (performance.now() - begin) / 1000
const { user, system } = process.cpuUsage(before)
console.log(JSON.stringify({ archives, seconds, processorSeconds: (user + system) / 1e6 }))
await installation?.close()
