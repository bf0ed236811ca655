import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'

const secret = 'bench'

export interface Nginx extends AsyncDisposable {
  readonly pid: number
  /** As its manual has it, one worker with sendfile. */
  readonly url: string
  /** The same, and it keeps descriptors open, as we do. */
  readonly cachingUrl: string
}

/** Starts nginx over a folder of files, behind `secure_link`; `probe` is a file of them. */
export async function startNginx(folder: string, files: string, probe: string): Promise<Nginx> {
  const [port, cachingPort] = [await freePort(), await freePort()]
  const path = join(folder, 'nginx.conf')
  await writeFile(path, nginxConfig({ folder, files, port, cachingPort }))
  const child = spawn('nginx', ['-c', path, '-e', join(folder, 'nginx.log')], { stdio: 'inherit' })
  const ended = once(child, 'exit')
  const url = `http://127.0.0.1:${port}`
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await fetch(url + secureLink(probe)).catch(() => null)
    if (answer?.ok === true && (await answer.bytes()).length > 0) {
      return {
        pid: child.pid ?? 0,
        url,
        cachingUrl: `http://127.0.0.1:${cachingPort}`,
        async [Symbol.asyncDispose]() {
          child.kill('SIGTERM')
          await ended
        },
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  child.kill('SIGTERM')
  throw new Error(`nginx did not start; see ${folder}/nginx.log.`)
}

/** The path and query of a file that nginx checks as we check a signed URL. */
export function secureLink(path: string): string {
  const expires = 4_000_000_000
  const md5 = createHash('md5').update(`${expires}/${path} ${secret}`).digest('base64url')
  return `/${path}?md5=${md5}&expires=${expires}`
}

function nginxConfig(places: {
  folder: string
  files: string
  port: number
  cachingPort: number
}): string {
  const { folder, files } = places
  const server = (port: number, directive: string): string => `
      server {
        listen 127.0.0.1:${port};
        ${directive}
        location / {
          root ${files};
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
      ${server(places.port, '')}
      ${server(places.cachingPort, 'open_file_cache max=512;')}
    }`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
