import { execFile, spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { createS3Client } from '../../src/storage/s3/client.ts'
import { readS3 } from './s3-store.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { until } from './until.ts'

const programs = ['radosgw', 'ceph-mon', 'ceph-osd', 'ceph', 'radosgw-admin', 'monmaptool']

/** What to install where it is missing. */
export const radosgwPackages = 'radosgw ceph-mon ceph-osd ceph-common'

/** Are the programs of Ceph's RADOS Gateway here? */
export function hasRadosgw(): boolean {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return programs.every((program) => folders.some((folder) => isProgram(join(folder, program))))
}

/**
 * Starts a real S3 server: a RADOS Gateway over a Ceph cluster of one monitor and one OSD in memory,
 * with one bucket, on loopback. It takes about a second and goes with the test.
 */
export async function startRadosgw(t: Pick<TestContext, 'after'>): Promise<Radosgw> {
  const folder = await temporaryFolder(t)
  const port = await freePorts()
  const config = join(folder, 'ceph.conf')
  const cluster = randomUUID()
  await mkdir(join(folder, 'mon'))
  await mkdir(join(folder, 'osd'))
  await writeFile(join(folder, 'keyring'), '')
  await writeFile(config, configuration({ folder, port, cluster }))
  const daemon = (program: string, ...name: string[]) =>
    startDaemon(t, folder, [program, '-c', config, '-f', ...name])

  const map = join(folder, 'monmap')
  const monitor = `[v2:127.0.0.1:${port + 1}]`
  await run('monmaptool', ['--create', '--clobber', '--fsid', cluster, '--addv', 'a', monitor, map])
  await run('ceph-mon', ['-c', config, '-i', 'a', '--mkfs', '--monmap', map])
  await daemon('ceph-mon', '-i', 'a')
  const osd = randomUUID()
  await run('ceph', ['-c', config, '--connect-timeout', '30', 'osd', 'new', osd])
  await run('ceph-osd', ['-c', config, '-i', '0', '--mkfs', '--osd-uuid', osd])
  await daemon('ceph-osd', '-i', '0')
  // Who asks before it is up sleeps five seconds.
  await until('the OSD is up', () => isActive(join(folder, 'osd.sock')))
  const keys = { id: 'claimcheck', secret: randomBytes(24).toString('hex') }
  await run('radosgw-admin', [
    ...['-c', config, '-n', 'client.admin', 'user', 'create', '--uid=test', '--display-name=test'],
    ...[`--access-key=${keys.id}`, `--secret-key=${keys.secret}`, '--max-buckets=0'],
  ])
  const startGateway = () => daemon('radosgw', '-n', 'client.rgw')
  let gateway = await startGateway()
  const settings = {
    CLAIMCHECK_STORAGE_URL: `s3://claimcheck?endpoint=http://127.0.0.1:${port}`,
    CLAIMCHECK_S3_ACCESS_KEY_ID: keys.id,
    CLAIMCHECK_S3_SECRET_ACCESS_KEY: keys.secret,
  }
  await makeBucket(settings)
  return {
    settings,
    kill: () => gateway.kill(),
    async restart() {
      gateway = await startGateway()
    },
  }
}

/** A bucket of a real store, and the store's end and beginning. */
export interface Radosgw {
  readonly settings: Record<string, string>
  /** Kills the gateway; what is stored stays. */
  kill(): Promise<void>
  /** Starts it again. */
  restart(): Promise<void>
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const run = promisify(execFile)

interface Daemon {
  kill(): Promise<void>
}

/** Ends the daemon when its standard input does: also when the tests are killed. */
const guard = '"$@" & daemon=$!; read -r _; kill -9 $daemon; wait $daemon'

async function startDaemon(
  t: Pick<TestContext, 'after'>,
  folder: string,
  command: readonly string[],
): Promise<Daemon> {
  // What it says before it can write to its log.
  const out = await open(join(folder, `${command[0]}.out`), 'a')
  const words = ['-c', guard, 'guard', ...command]
  const child = spawn('sh', words, { stdio: ['pipe', out.fd, out.fd] })
  const ended = once(child, 'exit')
  await once(child, 'spawn')
  await out.close()
  const daemon = {
    async kill() {
      // There is nothing to save.
      child.stdin?.end()
      await ended
    },
  }
  t.after(daemon.kill)
  return daemon
}

async function isActive(socket: string): Promise<boolean> {
  const said = await run('ceph', ['--admin-daemon', socket, 'status']).catch(() => null)
  return said?.stdout.includes('"state": "active"') ?? false
}

async function makeBucket(settings: Record<string, string>): Promise<void> {
  const { address, credentials } = readS3(settings)
  const client = createS3Client(address, {
    ...{ credentials, connections: 1, patienceMs: 60_000, idleMs: 30_000 },
  })
  await client.ask({ method: 'PUT' })
  client.close()
}

/** The gateway's port, the monitor's, and fifty from ten on for the OSD; below those that systems hand out. */
async function freePorts(): Promise<number> {
  for (;;) {
    const port = 10_000 + 100 * Math.floor(Math.random() * 200)
    if ((await isFree(port)) && (await isFree(port + 1)) && (await isFree(port + 10))) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}

function configuration(of: { folder: string; port: number; cluster: string }): string {
  const { folder, port, cluster } = of
  return `[global]
fsid = ${cluster}
mon_host = [v2:127.0.0.1:${port + 1}]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_msgr1 = false
ms_bind_ipv6 = false
ms_bind_port_min = ${port + 10}
ms_bind_port_max = ${port + 60}
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
ms_cluster_mode = crc
ms_service_mode = crc
ms_client_mode = crc
# The gateway asks its monitor for "secure", which there is none of without keys: it would wait for 300 s and end.
ms_mon_cluster_mode = crc
ms_mon_service_mode = crc
ms_mon_client_mode = crc
run_dir = ${folder}
log_file = ${folder}/$name.log
log_to_stderr = false
err_to_stderr = true
crash_dir = ${folder}
keyring = ${folder}/keyring
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 2000
[mon]
mon_data = ${folder}/mon
mon_data_avail_warn = 0
mon_data_avail_crit = 0
# Pools are made one after the other, and each waits for this.
paxos_propose_interval = 0.01
paxos_min_wait = 0.01
[osd]
admin_socket = ${folder}/osd.sock
osd_data = ${folder}/osd
osd_objectstore = memstore
memstore_device_bytes = ${2 ** 31}
[client]
rgw_frontends = beast endpoint=127.0.0.1:${port} tcp_nodelay=1
rgw_thread_pool_size = 16
rgw_enable_usage_log = false
rgw_enable_ops_log = false
rgw_enable_apis = s3, admin
rgw_override_bucket_index_max_shards = 1
rgw_dynamic_resharding = false
rgw_run_sync_thread = false
# It encrypts over plain HTTP when it is asked to.
rgw_crypt_require_ssl = false
`
}
