import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { etagOf, someBytes, startHostileServer } from '../support/hostile-server.ts'
import { startServe } from '../support/running-server.ts'
import { full } from '../support/size.ts'
import { until } from '../support/until.ts'

const clone = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)
const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']

/** What the package is installed into; made once for all tests of this file. */
let root: string
let installed: string
let tarball: string

const config = `
import { command, defineConfig, module, query } from 'claimcheck/config'

export default defineConfig({
  downloadTypes: {
    module: {
      producer: module({
        produce({ file }: { file(name: string, type: string): NodeJS.WritableStream }) {
          file('a.txt', 'text/plain').end('from a module')
        },
      }),
    },
    command: {
      producer: command({
        command: 'echo',
        args: ['from a command'],
        file: { name: 'b.txt', mediaType: 'text/plain' },
      }),
    },
    query: {
      producer: query({
        source: 'sqlite:source.sqlite',
        sql: 'select code, name from places',
        file: { name: 'c.csv', format: 'csv' },
      }),
    },
  },
})
`

describe('the package', () => {
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'claimcheck-package-'))
    tarball = await pack(join(root, 'clone'))
    installed = join(root, 'installed')
    await mkdir(installed)
    await writeFile(join(installed, 'package.json'), '{ "private": true }')
    await run('npm', ['install', '--omit=dev', ...quiet, tarball], {
      cwd: installed,
    })
  })
  after(() => rm(root, { recursive: true, force: true }))

  it('holds what runs and what explains it, and nothing else', async () => {
    const folder = join(installed, 'node_modules', 'claimcheck')
    const names = await readdir(folder)
    const right = /^(dist|dist-portal|docs|examples|LICENSE|package\.json|[A-Z]+\.md)$/
    assert.deepEqual(
      names.filter((name) => !right.test(name)),
      [],
    )
    const below = await readdir(join(folder, 'dist'), { recursive: true, withFileTypes: true })
    const odd = below.filter((one) => one.isFile() && !/\.(js|d\.ts)$/.test(one.name))
    assert.deepEqual(
      odd.map(({ name }) => name),
      [],
    )
    const others = await readdir(join(installed, 'node_modules'))
    const { devDependencies } = JSON.parse(await readFile(join(clone, 'package.json'), 'utf8'))
    const dependencies = new Set(await dependenciesOf(join(installed, 'node_modules')))
    const superfluous = Object.keys(devDependencies).filter(
      (name) => others.includes(name) && !dependencies.has(name),
    )
    assert.deepEqual(superfluous, [])
  })

  it('is a command that explains itself by npx', async () => {
    const link = join(installed, 'node_modules', '.bin', 'claimcheck')
    assert.ok((await stat(link)).mode & 0o100, 'it is not executable')
    const { stdout } = await run('npx', ['--no-install', 'claimcheck', '--help'], {
      cwd: installed,
    })
    assert.match(stdout, /^Usage: claimcheck <command> \[options\]$/m)
  })

  it('holds a client for programs, which loads nothing of the server', async () => {
    const program = join(installed, 'client.mjs')
    await writeFile(
      program,
      `import { createClient } from 'claimcheck/client'
      import { getFiles, verifyFolder } from 'claimcheck/client/files'
      const fetch = async () => new Response('hi', { headers: { 'content-length': '2' } })
      const client = createClient({ url: 'https://files.example', fetch })
      const delivery = client.open('https://files.example/a.txt')
      for await (const { type } of getFiles(client, delivery, { folder: 'got' })) console.log(type)
      for await (const { path, state } of verifyFolder('got')) console.log(path, state)`,
    )
    const { stdout } = await run(process.execPath, [program], { cwd: installed })
    // Progress is told by the clock: not at all of a file that is quick.
    assert.equal(stdout.replaceAll('progress\n', ''), 'look\nstart\ndone\na.txt intact\n')
  })

  it('gets files on Node 22, Bun and Deno', { skip: full ? false : 'at full size' }, async (t) => {
    const folder = join(root, 'runtimes')
    await mkdir(folder)
    const allowScripts = { node: true, bun: true, deno: true }
    await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, allowScripts }))
    await run('npm', ['install', ...quiet, 'node@22', 'bun@1', 'deno@2'], { cwd: folder })
    const server = await startHostileServer(t)
    const files = Array.from({ length: 20 }, (_, index) => ({
      name: `${index}.bin`,
      url: `/${index}`,
    }))
    for (const [index, { url }] of files.entries()) {
      // Most are small ones, which threads save, and one is not.
      const bytes = someBytes(index === 0 ? 3_000_000 : 20_000, index + 1)
      server.files.set(url, { bytes, etag: etagOf(bytes), digest: true })
    }
    const program = join(installed, 'runtimes.mjs')
    await writeFile(
      program,
      `import { createClient } from 'claimcheck/client'
      import { getFiles, verifyFolder } from 'claimcheck/client/files'
      const client = createClient({ url: '${server.url}' })
      const delivery = client.open('${server.url}', { text: ${JSON.stringify(JSON.stringify({ files }))} })
      for await (const { error } of getFiles(client, delivery, { folder: process.argv[2] })) if (error) throw error
      let intact = 0
      for await (const { state } of verifyFolder(process.argv[2])) if (state === 'intact') intact += 1
      console.log(intact)`,
    )
    const runtimes = join(folder, 'node_modules', '.bin')
    for (const [name, ...words] of [['node'], ['bun'], ['deno', 'run', '-A']] as const) {
      const command =
        name === 'node' ? join(folder, 'node_modules/node/bin/node') : join(runtimes, name)
      const { stdout } = await run(command, [...words, program, join(root, `by-${name}`)])
      assert.equal(stdout, '20\n', name)
    }
    const node22 = join(folder, 'node_modules', 'node', 'bin')
    const main = join(installed, 'node_modules', '.bin', 'claimcheck')
    const env = { PATH: [node22, process.env.PATH].join(delimiter) }
    await run(main, ['get', `${server.url}/1`, '--to', join(root, 'by-command')], { env })
    assert.match((await run(main, ['completion', 'bash'], { env })).stdout, /--limit-rate/)
  })

  it('initialises and serves', (t) => serveEveryProducer(t, process.execPath))

  it('initialises and serves on Node 24', { skip: full ? false : 'at full size' }, async (t) => {
    const folder = join(root, 'node-24')
    await mkdir(folder)
    const allowed = '{ "private": true, "allowScripts": { "node": true } }'
    await writeFile(join(folder, 'package.json'), allowed)
    await run('npm', ['install', ...quiet, 'node@24'], { cwd: folder })
    const node = join(folder, 'node_modules', 'node', 'bin', 'node')
    assert.match((await run(node, ['--version'])).stdout, /^v24\./)
    await serveEveryProducer(t, node)
  })
})

/** Packs the clone as it stands, aside, so that its own `dist` is left alone. */
async function pack(folder: string): Promise<string> {
  const left = /^(node_modules|\.git|\.tmp|data|dist|dist-portal|test|bench)$/
  for (const name of await readdir(clone)) {
    if (left.test(name)) continue
    await cp(join(clone, name), join(folder, name), { recursive: true })
  }
  await symlink(join(clone, 'node_modules'), join(folder, 'node_modules'))
  const { stdout } = await run('npm', ['pack', '--silent'], { cwd: folder })
  return join(folder, basename(stdout.trim().split('\n').at(-1) ?? ''))
}

async function serveEveryProducer(t: TestContext, node: string): Promise<void> {
  const cwd = await mkdtemp(join(root, 'site-'))
  const main = join(installed, 'node_modules', '.bin', 'claimcheck')
  const PATH = [dirname(node), process.env.PATH].join(delimiter)
  const init = await run(main, ['init', '--json'], { cwd, env: { PATH } })
  const { token } = JSON.parse(init.stdout) as { token: string }
  const example = await readFile(join(cwd, 'claimcheck.config.ts'), 'utf8')
  assert.match(example, /greeting/)

  await writeFile(join(cwd, 'claimcheck.config.ts'), config)
  const source = new DatabaseSync(join(cwd, 'source.sqlite'))
  source.exec(
    "create table places (code text, name text); insert into places values ('1', 'Ajaccio')",
  )
  source.close()

  const { url, child, ended, errors } = await startServe(t, { cwd, command: [main], env: { PATH } })
  assert.equal((await fetch(`${url}/healthz`)).status, 200)
  assert.match(await (await fetch(url)).text(), /<script type="module"/)
  const fetched = await Promise.all(
    ['module', 'command', 'query'].map((type) => fetchDownload(url, token, type)),
  )
  assert.deepEqual(fetched, ['from a module', 'from a command\n', 'code,name\r\n1,Ajaccio\r\n'])
  child.kill('SIGTERM')
  assert.equal(await ended, 0, errors())
}

/** Asks for a download, polls it as a customer does, and picks it up. */
async function fetchDownload(url: string, token: string, type: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ download: { download_type: type } })
  const created = await fetch(`${url}/api/downloads`, { method: 'POST', headers, body })
  assert.equal(created.status, 201)
  const { download } = (await created.json()) as { download: { id: string } }
  const location = `${url}/api/downloads/${download.id}`
  await until(`the ${type} download is done`, async () => {
    const answer = await fetch(location, { headers })
    const text = await answer.text()
    assert.equal(answer.status, 200, text)
    assert.doesNotMatch(text, /"failed"/)
    return text.includes('"done"')
  })
  const picked = await fetch(`${location}/file`, { headers })
  assert.equal(picked.status, 200)
  return await picked.text()
}

/** What the installed packages ask for: a program of ours for tests may be another's part. */
async function dependenciesOf(modules: string): Promise<string[]> {
  const found: string[] = []
  for (const path of globSync('{*,@*/*}/package.json', { cwd: modules })) {
    const { dependencies = {} } = JSON.parse(await readFile(join(modules, path), 'utf8'))
    found.push(...Object.keys(dependencies))
  }
  return found
}
