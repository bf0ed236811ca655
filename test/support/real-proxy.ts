import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { makeCertificate, trust } from './certificate.ts'
import { freePort } from './free-port.ts'
import { until } from './until.ts'

/** A real proxy, configured as `deploy/` says, in front of a server. */
export interface RealProxy {
  /** Where customers come. */
  readonly url: string
  /** Where plain HTTP is sent on from; null where that is not set up. */
  readonly plainUrl: string | null
  readonly accessLog: () => string
  /** Starts it in front of the server at this port. */
  start(port: number): Promise<void>
}

/** Why a program cannot be used here; false when it can. */
export function missing(program: string, word: string): string | false {
  const isThere = spawnSync(program, [word], { stdio: 'ignore' }).error === undefined
  return isThere ? false : `${program} is not installed`
}

/** nginx by `deploy/nginx.conf`, with its addresses and paths replaced. */
export async function prepareNginx(t: TestContext, folder: string): Promise<RealProxy> {
  const [port, plainPort] = [await freePort(), await freePort()]
  trust(makeCertificate(folder))
  const log = join(folder, 'claimcheck.log')
  return {
    url: `https://127.0.0.1:${port}`,
    plainUrl: `http://127.0.0.1:${plainPort}`,
    accessLog: () => readFileSync(log, 'utf8'),
    async start(upstream) {
      const site = readFileSync('deploy/nginx.conf', 'utf8')
        .replace('127.0.0.1:8080', `127.0.0.1:${upstream}`)
        .replace('listen 80;', `listen 127.0.0.1:${plainPort};`)
        .replace('listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`)
        .replaceAll('/etc/ssl/claimcheck', folder)
        .replaceAll('/var/log/nginx', folder)
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((name) => `${name}_temp_path ${folder}/tmp;`)
        .join('\n')
      mkdirSync(join(folder, 'tmp'))
      const user = process.getuid?.() === 0 ? 'user root;' : ''
      const path = join(folder, 'nginx.conf')
      writeFileSync(
        path,
        `daemon off; ${user} pid ${folder}/pid; error_log ${folder}/error.log;
        events {} http { ${temporary} ${site} }`,
      )
      await run(t, { program: 'nginx', words: ['-p', folder, '-c', path], port })
    },
  }
}

/** Caddy by `deploy/Caddyfile`, without TLS. */
export async function prepareCaddy(t: TestContext, folder: string): Promise<RealProxy> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    plainUrl: null,
    accessLog: () => readFileSync(join(folder, 'access.log'), 'utf8'),
    async start(upstream) {
      const path = join(folder, 'Caddyfile')
      const site = readFileSync('deploy/Caddyfile', 'utf8').replace(
        'log {\n',
        `log {\noutput file ${folder}/access.log\n`,
      )
      writeFileSync(path, `{\nadmin off\nauto_https off\n}\n${site}`)
      const env = {
        PUBLIC_HOST: url,
        UPSTREAM_HOST: 'localhost',
        UPSTREAM_PORT: String(upstream),
        XDG_DATA_HOME: folder,
        XDG_CONFIG_HOME: folder,
      }
      const words = ['run', '--config', path, '--adapter', 'caddyfile']
      await run(t, { program: 'caddy', words, port, env })
    },
  }
}

interface Run {
  program: string
  words: string[]
  port: number
  env?: Record<string, string>
}

async function run(t: TestContext, { program, words, port, env = {} }: Run): Promise<void> {
  const child = spawn(program, words, {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors = (errors + chunk).slice(-4000)
  })
  t.after(async () => {
    if (child.exitCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  })
  await until(`${program} listens`, async () => {
    if (child.exitCode !== null) throw new Error(`${program} has ended: ${errors}`)
    return await fetch(`http://127.0.0.1:${port}/healthz`).then(
      () => true,
      () => false,
    )
  })
}
