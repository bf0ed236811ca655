import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { seedArchive } from './archive-world.ts'
import { benchEnvironment, startScript, startServer, temporaryFolder } from './process.ts'
import { READERS, type Stalled, stallReaders } from './stalled-readers.ts'
import type { Row } from './table.ts'
import { seedWorld } from './world.ts'

export interface StalledOptions {
  readonly quick: boolean
  /** It runs in a network of its own, and may change its settings. */
  readonly isApart: boolean
  /** In MB: what the kernel holds before it is under pressure. */
  readonly pressure: number
}

/** The process behind `stalled`, which runs in a network of its own: prints its rows as JSON. */
const options = JSON.parse(process.argv[2] ?? '{}') as StalledOptions
const milliseconds = options.quick ? 1000 : 3000
const SMALL = 65_536
const AHEAD = 131_072

await using folder = await temporaryFolder()
const environment = await benchEnvironment(folder.path)
const small = (await seedWorld(environment, [SMALL])).files.get(SMALL)?.target ?? ''
const size = (options.quick ? 16 : 64) * 1024 * 1024
const plain = await seedArchive(environment, { count: 4, size })
const secret = await seedArchive({ ...environment, CLAIMCHECK_ENCRYPT: 'all' }, { count: 5, size })
const targets = {
  'a plain file': plain.plain,
  'an encrypted file': secret.plain,
  'an archive': plain.archive,
  'an archive of encrypted files': secret.archive,
}
const bareFolder = join(folder.path, 'bare')
await mkdir(bareFolder)
await writeFile(join(bareFolder, 'large'), '')
await truncate(join(bareFolder, 'large'), plain.archiveSize)

const rows: Row[] = []
for (const [name, target] of Object.entries(targets)) rows.push(await measureOurs(name, target))
rows.push(await measureBare('a file'))
if (options.isApart) {
  await writeFile('/proc/sys/net/ipv4/tcp_notsent_lowat', String(AHEAD))
  rows.push(await measureOurs(`a plain file, tcp_notsent_lowat ${AHEAD}`, plain.plain))
  rows.push(await measureBare(`a file, tcp_notsent_lowat ${AHEAD}`))
}
console.log(JSON.stringify(rows))

/** A server of its own for each, so that one does not inherit the other's memory. */
async function measureOurs(name: string, target: string): Promise<Row> {
  await using server = await startServer(environment)
  const stalled = await stallReaders(server, { target, other: small, milliseconds })
  return rowOf(name, stalled, '< 250 MB, others at full speed')
}

/** As many of as many bytes: what they cost here is the kernel's and Node's. */
async function measureBare(name: string): Promise<Row> {
  await using server = await startScript('plain-server.ts', [bareFolder])
  const other = `/memory/${SMALL}`
  const stalled = await stallReaders(server, { target: '/large', other, milliseconds })
  return rowOf(`${name}, plain node:http`, stalled, '')
}

function rowOf(name: string, { first, second }: Stalled, goal: string): Row {
  const { alone, among, after } = first
  const pressed = among.kernel > options.pressure ? `, UNDER PRESSURE (${options.pressure} MB)` : ''
  return {
    what: `${READERS} stalled readers of ${name}`,
    measured: `${among.memory} MB, ${among.descriptors} descriptors; others ${Math.round(among.rate)} /s; kernel ${among.untaken} MB, with the readers' side ${among.kernel} MB${pressed}`,
    against: `before ${alone.memory} MB, ${alone.descriptors}; others ${Math.round(alone.rate)} /s; after they left ${after.memory} MB, ${after.descriptors}; as many once more ${second.among.memory} MB`,
    ratio: (among.rate + second.among.rate) / (alone.rate + second.alone.rate),
    cost: (alone.cost + second.alone.cost) / (among.cost + second.among.cost),
    goal,
  }
}
