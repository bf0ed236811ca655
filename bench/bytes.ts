import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { openDiskStore } from '../src/storage/disk.ts'
import { inTurns } from './load.ts'
import { printTable, type Row } from './table.ts'

interface Measured {
  readonly name: string
  readonly key: string
  readonly size: number
  readonly connections: number
  readonly goal: number
}

const sizes: readonly Measured[] = [
  { name: 'GET 4 KiB, 32 connections', key: '4k', size: 4096, connections: 32, goal: 0.8 },
  { name: 'GET 64 KiB, 32 connections', key: '64k', size: 65_536, connections: 32, goal: 0.7 },
  { name: 'GET 1 GiB, 1 connection', key: '1g', size: 2 ** 30, connections: 1, goal: 1 },
]
const roundMilliseconds = 1000
const secret = 'bench'
const run = promisify(execFile)

/**
 * GETs of three sizes through sendContent from a disk store, against nginx with `secure_link` and one
 * worker, else against plain node:http. What could not be measured is said on the standard error.
 */
export async function benchBytes({ quick }: { quick: boolean }): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-bench-'))
  const children: ChildProcess[] = []
  try {
    await fillStore(folder)
    const claimcheck = await startNode(children, 'claimcheck', folder)
    const plain = await startNode(children, 'plain', folder)
    const nginx = isOnPath('nginx', '-v') ? await startNginx(children, folder) : null
    if (nginx === null)
      console.error('nginx is not installed: the goals are held against node:http.')
    const rows: Row[] = []
    for (const measured of sizes) {
      rows.push(await measure(measured, { claimcheck, plain, nginx }, quick ? 3 : 7))
    }
    return rows
  } finally {
    await Promise.all(children.map(stop))
    await rm(folder, { recursive: true, force: true })
  }
}

async function fillStore(folder: string): Promise<void> {
  const store = await openDiskStore(folder)
  for (const { key, size } of sizes) await store.put(key, someBytes(size))
  await store.close()
}

async function* someBytes(size: number): AsyncGenerator<Uint8Array> {
  const block = Buffer.alloc(Math.min(size, 1024 * 1024), 'claimcheck ')
  for (let done = 0; done < size; done += block.length) yield block
}

interface Servers {
  readonly claimcheck: number
  readonly plain: number
  readonly nginx: { readonly port: number; readonly cachingPort: number } | null
}

/** The servers take turns, so that what else the machine does hits them alike; medians after a round to warm up. */
async function measure(
  { name, key, size, connections, goal }: Measured,
  servers: Servers,
  rounds: number,
): Promise<Row> {
  const rateOf =
    (port: number, query = '') =>
    (): Promise<number> =>
      load(`http://127.0.0.1:${port}/${key}${query}`, connections, size)
  const query = signedQuery(`/${key}`)
  const measures: Record<string, () => Promise<number>> = {
    claimcheck: rateOf(servers.claimcheck),
    plain: rateOf(servers.plain),
    ...(servers.nginx !== null && {
      nginx: rateOf(servers.nginx.port, query),
      caching: rateOf(servers.nginx.cachingPort, query),
    }),
  }
  await inTurns(1, measures)
  const { claimcheck = 0, plain = 0, nginx, caching } = await inTurns(rounds, measures)
  const said = (rate: number): string =>
    size > 65_536 ? `${(rate / 1e9).toFixed(2)} GB/s` : `${Math.round(rate)}/s`
  const plainSaid = `plain node:http ${said(plain)}`
  return {
    what: name,
    measured: said(claimcheck),
    against:
      nginx === undefined || caching === undefined
        ? plainSaid
        : `nginx ${said(nginx)} (with open_file_cache ${said(caching)}), ${plainSaid}`,
    ratio: claimcheck / (nginx ?? plain),
    goal: `≥ ${goal}${nginx === undefined ? ' of nginx, not measured' : ''}`,
  }
}

/** wrk asks faster than Node can; but it reads 8 KiB at a time, which would be what a gigabyte measures. */
async function load(url: string, connections: number, size: number): Promise<number> {
  if (size <= 65_536 && isOnPath('wrk', '-v')) {
    const seconds = `${roundMilliseconds / 1000}s`
    const { stdout } = await run('wrk', ['-t1', `-c${connections}`, `-d${seconds}`, url])
    if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk had errors:\n${stdout}`)
    return Number(/Requests\/sec:\s*([\d.]+)/.exec(stdout)?.[1])
  }
  const script = join(import.meta.dirname, 'bytes-load.ts')
  const { stdout } = await run(process.execPath, [
    script,
    url,
    String(connections),
    String(roundMilliseconds),
  ])
  const { requests, bytes, seconds } = JSON.parse(stdout) as Record<string, number>
  return ((size <= 65_536 ? requests : bytes) ?? 0) / (seconds ?? 1)
}

function isOnPath(program: string, flag: string): boolean {
  return spawnSync(program, [flag]).error === undefined
}

async function startNode(children: ChildProcess[], kind: string, folder: string): Promise<number> {
  const script = join(import.meta.dirname, 'bytes-server.ts')
  const child = spawn(process.execPath, [script, kind, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const [line] = await once(createInterface(child.stdout), 'line')
  return Number(line)
}

async function startNginx(children: ChildProcess[], folder: string): Promise<Servers['nginx']> {
  const [port, cachingPort] = [await freePort(), await freePort()]
  const path = join(folder, 'nginx.conf')
  await writeFile(path, nginxConfig(folder, [port, cachingPort]))
  const child = spawn('nginx', ['-c', path, '-e', join(folder, 'nginx.log')], { stdio: 'inherit' })
  children.push(child)
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await fetch(`http://127.0.0.1:${port}/4k${signedQuery('/4k')}`).catch(() => null)
    if (answer?.ok === true && (await answer.bytes()).length === 4096) return { port, cachingPort }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`nginx did not start; see ${folder}/nginx.log.`)
}

/** One worker with sendfile; the second server keeps its descriptors open, too. */
function nginxConfig(folder: string, ports: readonly [number, number]): string {
  const server = (port: number, directive: string): string => `
      server {
        listen 127.0.0.1:${port};
        ${directive}
        location / {
          root ${folder}/objects;
          secure_link $arg_md5,$arg_expires;
          secure_link_md5 "$secure_link_expires$uri ${secret}";
          if ($secure_link = "") { return 403; }
          if ($secure_link = "0") { return 410; }
        }
      }`
  return `
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    daemon off; worker_processes 1; pid ${folder}/nginx.pid;
    events { worker_connections 1024; }
    http {
      access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
      client_body_temp_path ${folder}/nginx-body; proxy_temp_path ${folder}/nginx-proxy;
      fastcgi_temp_path ${folder}/nginx-fastcgi; uwsgi_temp_path ${folder}/nginx-uwsgi;
      scgi_temp_path ${folder}/nginx-scgi;
      ${server(ports[0], '')}
      ${server(ports[1], 'open_file_cache max=512;')}
    }`
}

function signedQuery(path: string): string {
  const expires = 4_000_000_000
  const md5 = createHash('md5').update(`${expires}${path} ${secret}`).digest('base64url')
  return `?md5=${md5}&expires=${expires}`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  printTable(await benchBytes({ quick: process.argv.includes('--quick') }))
}
