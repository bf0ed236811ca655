import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { childEnvironment } from '../support/child-environment.ts'
import { etagOf, someBytes, startHostileServer } from '../support/hostile-server.ts'
import { main } from '../support/main.ts'
import { missing } from '../support/real-proxy.ts'
import { runMain } from '../support/run-main.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

async function setUp(t: TestContext) {
  const server = await startHostileServer(t)
  const cwd = await temporaryFolder(t)
  const run = (words: string[], env: Record<string, string> = {}, input = '') =>
    runMain(words, { cwd, input, env: { XDG_CONFIG_HOME: join(cwd, 'config'), ...env } })
  return { server, cwd, run }
}

describe('claimcheck get', () => {
  it('goes on after Ctrl-C where it stopped', async (t) => {
    const { server, cwd, run } = await setUp(t)
    const bytes = someBytes(5_000_000)
    server.files.set('/a.bin', { bytes, etag: etagOf(bytes) })
    let isHeld = true
    // Half of the file, and then silence.
    server.handle = (_request, response) => {
      if (!isHeld) return false
      const head = { 'content-length': bytes.length, etag: etagOf(bytes), 'accept-ranges': 'bytes' }
      response.writeHead(200, head)
      response.write(bytes.subarray(0, 2_500_000))
      return true
    }
    const child = spawn(process.execPath, [main, 'get', `${server.url}/a.bin`, '--to', 'out'], {
      cwd,
      env: childEnvironment({ XDG_CONFIG_HOME: cwd }),
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    t.after(() => child.kill('SIGKILL'))
    const said = text(child.stderr)
    const part = join(cwd, 'out', 'a.bin.part')
    await until('some of it is there', async () => {
      const found = await stat(part).catch(() => null)
      return found !== null && found.size >= 1_000_000
    })
    child.kill('SIGINT')
    const [code] = await once(child, 'exit')
    assert.equal(code, 130)
    assert.equal(await said, 'It was interrupted.\nThe same command goes on from here.\n')
    assert.deepEqual((await readdir(join(cwd, 'out'))).toSorted(), [
      'a.bin.part',
      'a.bin.part.json',
    ])
    isHeld = false
    server.seen.length = 0
    const again = await run(['get', `${server.url}/a.bin`, '--to', 'out'])
    assert.equal(again.code, 0, again.err)
    const [, from] = /^bytes=(\d+)-/.exec(String(server.seen[0]?.headers.range)) ?? []
    assert.ok(Number(from) >= 1_000_000, `it began at ${from}`)
    assert.ok((await readFile(join(cwd, 'out', 'a.bin'))).equals(bytes))
    assert.deepEqual((await readdir(join(cwd, 'out'))).toSorted(), ['.claimcheck.json', 'a.bin'])
  })

  it('names what it asked for when it is interrupted: the same command would ask anew', async (t) => {
    const { server, cwd } = await setUp(t)
    server.handle = ({ method }, response) => {
      if (method === 'POST') response.writeHead(201).end('{"id":"d1"}')
      else if (server.seen.length < 3) response.end('{"id":"d1","state":"running"}')
      return true
    }
    const words = [main, 'get', server.url, '--type', 'report', '--json']
    const child = spawn(process.execPath, words, {
      cwd,
      env: childEnvironment({ XDG_CONFIG_HOME: cwd }),
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    t.after(() => child.kill('SIGKILL'))
    const said = text(child.stderr)
    await until('it looked', async () => server.seen.length >= 2)
    child.kill('SIGINT')
    const [asked, refused] = (await said).split('\n').map((line) => JSON.parse(line || '{}'))
    assert.equal(asked.requested, `${server.url}/v1/deliveries/d1`)
    assert.equal(refused.error.code, 'aborted')
    assert.equal(
      refused.error.hint,
      `"claimcheck get ${asked.requested}" goes on from here: give it the same options, without those that ask (--type, --info, --query, --pattern).`,
    )
  })

  it('names the first of the files that failed', async (t) => {
    const { server, cwd, run } = await setUp(t)
    const files = ['a', 'b', 'c'].map((name) => ({ name, url: `/${name}` }))
    server.files.set('/b', { bytes: someBytes(10), etag: null })
    await writeFile(join(cwd, 'list.json'), JSON.stringify({ files }))
    const words = ['get', 'list.json', '--jobs', '1', '--json']
    const { code, out, err } = await run(words, { CLAIMCHECK_URL: server.url })
    assert.equal(code, 10)
    assert.equal(JSON.parse(out).failed.length, 2)
    const { error } = JSON.parse(err)
    assert.match(error.message, /^2 files failed; the first is a: http\S+ answers 404: /)
    assert.deepEqual(error.details, { status: 404, path: 'a' })
  })

  it('counts what was left out', async (t) => {
    const { server, cwd, run } = await setUp(t)
    const files = ['a.csv', 'b.txt', 'c.txt'].map((name) => ({ name, url: `/${name}` }))
    for (const { url } of files) server.files.set(url, { bytes: someBytes(10), etag: null })
    await writeFile(join(cwd, 'list.json'), JSON.stringify({ files }))
    const words = ['get', 'list.json', '--include', '*.csv']
    const env = { CLAIMCHECK_URL: server.url }
    const listed = await run(['ls', 'list.json'], env)
    assert.match(listed.out, /^NAME .+\na\.csv .+\nb\.txt .+\nc\.txt .+\nlisted\n$/)
    const planned = await run([...words, '--dry-run'], env)
    assert.equal(planned.out, '1 would be fetched, 2 left out; listed.\n')
    assert.equal((await run(words, env)).out, '1 fetched (10 B), 0 kept, 2 left out; listed.\n')
  })

  it('says that the disk takes no more, and goes on when it does', async (t) => {
    const { server, cwd, run } = await setUp(t)
    const bytes = someBytes(6_000_000)
    server.files.set('/a.bin', { bytes, etag: etagOf(bytes) })
    // A limit on the length of files, in blocks of 512 bytes, refuses as a full disk does.
    const limited = spawn(
      'sh',
      ['-c', `trap '' XFSZ; ulimit -f 8000; exec "$@"`, 'sh', process.execPath, main, 'get'].concat(
        `${server.url}/a.bin`,
      ),
      { cwd, env: childEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] },
    )
    const ended = once(limited, 'exit')
    assert.match(await text(limited.stderr), /^Cannot write \.?\/?a\.bin\.part: .* \(EFBIG\)\.$/m)
    assert.deepEqual(await ended, [1, null])
    server.seen.length = 0
    const again = await run(['get', `${server.url}/a.bin`])
    assert.equal(again.code, 0, again.err)
    assert.match(String(server.seen[0]?.headers.range), /^bytes=[1-9]\d{6}-/)
    assert.ok((await readFile(join(cwd, 'a.bin'))).equals(bytes))
  })

  it('goes on to its end when nobody reads what it says meanwhile', async (t) => {
    const { server, cwd, run } = await setUp(t)
    const files = Array.from({ length: 40 }, (_, index) => ({ url: `/${index}`, name: `${index}` }))
    for (const { url } of files) server.files.set(url, { bytes: someBytes(10), etag: null })
    await writeFile(join(cwd, 'list.json'), JSON.stringify({ files }))
    const child = spawn(
      process.execPath,
      [main, 'get', 'list.json', '--to', 'out', '--jobs', '1'],
      {
        cwd,
        env: childEnvironment({ XDG_CONFIG_HOME: cwd, CLAIMCHECK_URL: server.url }),
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    t.after(() => child.kill('SIGKILL'))
    child.stderr.once('data', () => child.stderr.destroy())
    const ended = once(child, 'exit')
    assert.match(await text(child.stdout), /^40 fetched /)
    assert.deepEqual(await ended, [0, null])
    const { out } = await run(['verify', 'out'])
    assert.equal(out, '40 of 40 files intact.\n')
  })

  it('tells by its exit code how it ended', async (t) => {
    const { server, cwd, run } = await setUp(t)
    const states = { failed: 3, expired: 4, canceled: 5, incomplete: 6, done: 0 }
    server.handle = (request, response) => {
      const state = /deliveries\/(\w+)$/.exec(request.url ?? '')?.[1]
      if (state === 'denied') response.writeHead(403).end('{"detail":"No."}')
      else response.end(JSON.stringify(state === undefined ? { items: [], next: null } : { state }))
      return true
    }
    for (const [state, expected] of Object.entries({ ...states, denied: 8 })) {
      const { code, err } = await run(['get', `${server.url}/v1/deliveries/${state}`])
      assert.equal(code, expected, `${state}: ${err}`)
    }
    assert.equal((await run(['get', 'ftp://x'])).code, 2)
    assert.equal((await run(['get', `${server.url}/a`, '--limit-rate', 'fast'])).code, 2)
    assert.equal((await run(['get', 'https://ada:pw@files.example/a'])).code, 2)
    assert.equal((await run(['get', `${server.url}/a`, '--info', '{}'])).code, 2)
    await writeFile(join(cwd, 'broken.json'), '{')
    assert.equal((await run(['get', 'broken.json', '--to', 'x'])).code, 2)
  })

  it('keeps what is in the environment from an address that is nobody knows whose', async (t) => {
    const { server, run } = await setUp(t)
    server.files.set('/a.bin', { bytes: someBytes(10), etag: null })
    const token = { CLAIMCHECK_TOKEN: 'secret' }
    await run(['get', `${server.url}/a.bin`], token)
    assert.equal(server.seen.at(-1)?.headers.authorization, undefined)
    await run(['get', `${server.url}/a.bin`, '--to', 'b'], { ...token, CLAIMCHECK_URL: server.url })
    assert.equal(server.seen.at(-1)?.headers.authorization, 'Bearer secret')
  })
})

describe('a command without a sign-in', () => {
  it('says what to set for a manifest or a plain file that wants one', async (t) => {
    const { server, cwd, run } = await setUp(t)
    server.handle = (_request, response) => {
      response.writeHead(401).end()
      return true
    }
    await writeFile(join(cwd, 'list.txt'), `${server.url}/a.bin\n`)
    const { url } = server
    for (const words of [
      ['get', `${url}/a.bin`],
      ['get', 'list.txt'],
      ['ls', `${url}/x.meta4`],
    ]) {
      const { code, err } = await run(words)
      assert.equal(code, 8)
      const start = `${url} wants a sign-in: set CLAIMCHECK_TOKEN, or `
      assert.equal(err.split('\n').filter((line) => line.startsWith(start)).length, 1, err)
      assert.match(err, new RegExp(`with CLAIMCHECK_URL=${url}, or run "claimcheck login ${url}"`))
      const json = await run([...words, '--json'])
      assert.ok(JSON.parse(json.err).error.hint.startsWith(start), json.err)
    }
    const token = { CLAIMCHECK_TOKEN: 'secret' }
    const held = await run(['get', `${url}/a.bin`], token)
    assert.match(
      held.err,
      /got none .*, because nobody said that they are for it: set CLAIMCHECK_URL=/,
    )
    const elsewhere = await run(['get', `${url}/a.bin`], {
      ...token,
      CLAIMCHECK_URL: 'https://other.example',
    })
    assert.match(elsewhere.err, /because they are for https:\/\/other\.example: /)
    const sent = await run(['get', `${url}/a.bin`], { ...token, CLAIMCHECK_URL: url })
    assert.doesNotMatch(sent.err, /wants a sign-in/)
    assert.match(sent.err, /\nThe credentials came from CLAIMCHECK_TOKEN: mend it, or unset it /)
    const half = await run(['get', `${url}/a.bin`], { CLAIMCHECK_USER: 'ada' })
    assert.deepEqual(
      [half.code, half.err],
      [2, 'CLAIMCHECK_USER is set, and CLAIMCHECK_PASSWORD is not.\n'],
    )
  })
})

describe('a word of the server', () => {
  it('does not steer the terminal', async (t) => {
    const { server, run } = await setUp(t)
    const file = { number: 1, name: 'a\u001b[2J\u202etxt.exe', state: 'available', size: 10 }
    server.handle = ({ url = '' }, response) => {
      if (url.includes('/files?')) response.end(JSON.stringify({ items: [file], next: null }))
      else response.end('{"state":"odd\\u001b[2J"}')
      return true
    }
    for (const words of [['ls'], ['get', '--dry-run']]) {
      const { code, out, err } = await run([...words, `${server.url}/v1/deliveries/x`])
      assert.equal(code, 0)
      assert.match(out, /odd\?\[2J/)
      assert.doesNotMatch(out + err, /[^\P{Cc}\n]|\p{Cf}/u)
    }
  })
})

describe('claimcheck wait', () => {
  it('says once how it ended', async (t) => {
    const { server, run } = await setUp(t)
    server.files.set('/a.bin', { bytes: someBytes(10), etag: null })
    const { code, out, err } = await run(['wait', `${server.url}/a.bin`])
    assert.deepEqual([code, out, err], [0, 'one file\n', ''])
    server.handle = (_request, response) => {
      response.end('{"state":"failed","message":"The source is gone."}')
      return true
    }
    const failed = await run(['wait', `${server.url}/v1/deliveries/x`])
    assert.deepEqual(
      [failed.code, failed.out, failed.err],
      [3, 'failed\n', 'The work failed on the server: The source is gone.\n'],
    )
  })
})

describe('the address of a server alone', () => {
  it('is refused at once where something at it is wanted', async (t) => {
    const { server, run } = await setUp(t)
    for (const word of ['get', 'ls', 'wait', 'conformance']) {
      const { code, out, err } = await run([word, server.url])
      assert.deepEqual([code, out], [2, ''])
      assert.match(
        err,
        /^http\S+\/ is a server\. Give the address of something at it, such as .+\n$/,
      )
    }
    assert.deepEqual(server.seen, [])
    server.files.set('/', { bytes: someBytes(10), etag: null })
    const meant = await run(['get', server.url, '--api', 'file'])
    assert.equal(meant.code, 0, meant.err)
  })
})

describe('an API that is named by hand', () => {
  it('is refused in a sentence where the address, or the answer, is none of its', async (t) => {
    const { server, run } = await setUp(t)
    server.handle = (_request, response) => {
      response.end('[]')
      return true
    }
    const address = `${server.url}/api_file/v1/HAUC/`
    for (const api of ['v1', 'orders', 'imports', 'port-orders']) {
      for (const word of ['get', 'ls', 'wait']) {
        const { code, err } = await run([word, address, '--api', api])
        assert.equal(code, 2)
        assert.match(err, /^http\S+ is no address of that API, which look like …\/.+\.\n$/)
      }
    }
    for (const api of ['orders', 'imports', 'port-orders']) {
      assert.equal((await run(['conformance', address, '--api', api])).code, 2)
    }
    assert.deepEqual(server.seen, [])
    const { code, err } = await run(['get', address, '--api', 'downloads'])
    assert.deepEqual([code, err.includes('has no "state"')], [9, true])
  })
})

describe('claimcheck conformance', () => {
  it('has nothing to say of a server that lets nobody in', async (t) => {
    const { server, run } = await setUp(t)
    server.handle = (_request, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic' }).end()
      return true
    }
    for (const path of ['/api_file/v1/HAUC/', '/a.bin']) {
      const { code, out, err } = await run(['conformance', server.url + path])
      assert.deepEqual([code, out], [8, ''])
      assert.match(err, /^http\S+ answers 401\.\nhttp\S+ wants a sign-in: set CLAIMCHECK_TOKEN, /)
    }
  })

  it('refuses a page of the portal in a sentence, and takes a file', async (t) => {
    const { server, run } = await setUp(t)
    server.files.set('/orders', { bytes: someBytes(10), etag: null, mediaType: 'text/html' })
    server.files.set('/a.bin', { bytes: someBytes(10), etag: etagOf(someBytes(10)) })
    const { code, out, err } = await run(['conformance', `${server.url}/orders`])
    assert.deepEqual([code, out], [2, ''])
    assert.match(
      err,
      /^http\S+\/orders is a web page\. Name something at one of the APIs, such as .+\n$/,
    )
    assert.match((await run(['conformance', `${server.url}/a.bin`])).out, /the file: 200/)
  })
})

describe('claimcheck verify', () => {
  it('finds what was changed and what is missing', async (t) => {
    const { server, cwd, run } = await setUp(t)
    for (const name of ['a', 'b', 'c']) {
      server.files.set(`/${name}.bin`, { bytes: someBytes(1000), etag: null })
      await run(['get', `${server.url}/${name}.bin`])
    }
    assert.equal((await run(['verify'])).code, 0)
    await writeFile(join(cwd, 'b.bin'), someBytes(1000, 2))
    const { code, out } = await run(['verify', '.', '--json'])
    assert.equal(code, 7)
    assert.deepEqual(JSON.parse(out).files, [
      { path: 'a.bin', state: 'intact' },
      { path: 'b.bin', state: 'changed' },
      { path: 'c.bin', state: 'intact' },
    ])
  })
})

describe('claimcheck login', () => {
  it('keeps a profile for its owner alone, which the other commands use', async (t) => {
    const { server, cwd, run } = await setUp(t)
    server.handle = ({ headers, url }, response) => {
      const isRight = headers.authorization === 'Bearer right'
      if (!isRight) response.writeHead(401).end('{}')
      else if (url === '/v1/me') response.end('{"username":"ada"}')
      else response.end('{"state":"done"}')
      return true
    }
    assert.equal((await run(['login', server.url], {}, 'wrong\n')).code, 8)
    const { code, out } = await run(['login', server.url], {}, 'right\n')
    assert.equal(code, 0)
    assert.match(out, /You are ada/)
    const path = join(cwd, 'config', 'claimcheck', 'profiles.json')
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.equal((await run(['wait', `${server.url}/v1/deliveries/x`])).code, 0)
    assert.equal((await run(['wait', '/v1/deliveries/x'])).code, 0)
  })

  it('asks at a terminal without showing the secret, and ends with 130 by Ctrl-C', {
    skip: process.platform === 'linux' ? missing('script', '--version') : 'another script',
  }, async (t) => {
    const { server, cwd } = await setUp(t)
    server.handle = (_request, response) => {
      response.end('{"username":"ada"}')
      return true
    }
    for (const [keys, expected, said] of [
      ['secret\r', 0, /^Token: \r\nYou are ada; /],
      ['\u0003', 130, /^Token: \r\nInterrupted: nothing was changed\.\r\n$/],
    ] as const) {
      const command = `'${process.execPath}' '${main}' login ${server.url}`
      const child = spawn('script', ['-qec', command, '/dev/null'], {
        cwd,
        env: childEnvironment({ XDG_CONFIG_HOME: cwd }),
        stdio: ['pipe', 'pipe', 'ignore'],
      })
      t.after(() => child.kill('SIGKILL'))
      child.stdout.once('data', () => child.stdin.write(keys))
      const ended = once(child, 'exit')
      const out = await text(child.stdout)
      assert.match(out, said)
      assert.doesNotMatch(out, /secret/)
      assert.deepEqual(await ended, [expected, null])
    }
  })

  it('stands above the environment when its profile is named', async (t) => {
    const { server, run } = await setUp(t)
    server.handle = ({ headers }, response) => {
      response.end(JSON.stringify({ username: 'ada', state: 'done', ...headers }))
      return true
    }
    await run(['login', server.url, '--profile', 'mine'], {}, 'of the profile\n')
    const wait = ['wait', `${server.url}/v1/deliveries/x`]
    const other = { CLAIMCHECK_TOKEN: 'of the environment', CLAIMCHECK_URL: server.url }
    await run(wait, other)
    assert.equal(server.seen.at(-1)?.headers.authorization, 'Bearer of the environment')
    await run([...wait, '--profile', 'mine'], other)
    assert.equal(server.seen.at(-1)?.headers.authorization, 'Bearer of the profile')
    await run(['login', server.url, '--profile', 'yours'], {}, 'another\n')
    const doubtful = await run(['wait', '/v1/deliveries/x'])
    assert.match(doubtful.err, /by CLAIMCHECK_URL or --profile \(there are mine, yours\)\.\n$/)
    server.handle = (_request, response) => {
      response.writeHead(401).end()
      return true
    }
    const refused = await run([...wait, '--profile', 'mine'])
    assert.match(refused.err, /\nThe credentials came from the profile: run "claimcheck login /)
  })

  it('is kept for a server whose tokens are not where ours are, and not with a password in the address', async (t) => {
    const { server, cwd, run } = await setUp(t)
    const kept = await run(['login', server.url, '--client', 'a'], {}, 'secret\n')
    assert.deepEqual([kept.code, kept.err], [0, ''])
    assert.match(kept.out, /^It was not tried out; the profile /)
    const { host } = new URL(server.url)
    const refused = await run(['login', `http://ada:hidden@${host}`], {}, 'secret\n')
    assert.equal(refused.code, 2)
    const path = join(cwd, 'config', 'claimcheck', 'profiles.json')
    assert.doesNotMatch(await readFile(path, 'utf8'), /hidden/)
  })
})
