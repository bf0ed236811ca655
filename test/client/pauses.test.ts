import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { createGetDisplay } from '../../src/cli/get-display.ts'
import { createPauseNote } from '../../src/cli/pause-note.ts'
import type { Pause } from '../../src/client/pause.ts'
import { requestDelivery } from '../../src/client/request-delivery.ts'
import { createTestClient, get } from '../support/get.ts'
import { someBytes, startHostileServer } from '../support/hostile-server.ts'
import { runMain } from '../support/run-main.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

/** A server that answers each address 503 at first, and says when to come again. */
async function startBusyServer(t: TestContext, retryAfter: string) {
  const server = await startHostileServer(t)
  const told = new Set<string>()
  server.files.set('/a.bin', { bytes: someBytes(100), etag: null })
  server.handle = ({ method, url = '' }, response) => {
    const path = url.split('?')[0] ?? ''
    if (!told.has(path)) {
      told.add(path)
      response.writeHead(503, { 'retry-after': retryAfter }).end()
    } else if (path === '/oauth2/token') response.end('{"access_token":"t","expires_in":300}')
    else if (method === 'POST') response.writeHead(201).end('{"id":"x"}')
    else if (path.endsWith('/files')) response.end('{"items":[],"next":null}')
    else if (path.includes('/deliveries/')) response.end('{"state":"done"}')
    else return false
    return true
  }
  return server
}

describe('a pause of the client', () => {
  it('is told with what happened and how long it is, of every kind of request', async (t) => {
    const server = await startBusyServer(t, '7')
    const pauses: Pause[] = []
    const client = createTestClient(server.url, {
      onPause: (pause) => pauses.push(pause),
      credentials: {
        kind: 'client-credentials',
        tokenUrl: `${server.url}/oauth2/token`,
        ...{ clientId: 'a', clientSecret: 'b' },
      },
    })
    const folder = await temporaryFolder(t)
    const url = await requestDelivery(client, server.url, { type: 'a' })
    await get(client, url, { folder })
    const { report } = await get(client, `${server.url}/a.bin`, { folder })
    assert.equal(report.fetched, 1)
    const [token, ...others] = pauses
    assert.deepEqual(
      [token?.code, token?.sentence],
      ['too_busy', `${server.url}/oauth2/token gives no token now (503).`],
    )
    const paths = ['/v1/deliveries', '/v1/deliveries/x', '/v1/deliveries/x/files', '/a.bin']
    assert.deepEqual(
      others,
      paths.map((path) => ({
        code: 'too_busy',
        sentence: `${server.url}${path} answers 503.`,
        waitMs: 7000,
      })),
    )
  })

  it('is one line, of many at a time only the first', () => {
    const lines: string[] = []
    let now = 0
    const tell = createPauseNote(
      (line) => lines.push(line),
      () => now,
    )
    const pause = { code: 'too_busy', sentence: 'It answers 503.', waitMs: 20_000 } as const
    tell({ ...pause, waitMs: 999 })
    tell(pause)
    now = 10_000
    tell(pause)
    now = 20_001
    tell({ ...pause, sentence: 'It\u001b[2J.', waitMs: 299_001 })
    assert.deepEqual(lines, [
      'It answers 503. The next attempt is in 20 s.',
      'It?[2J. The next attempt is in 5 min.',
    ])
  })

  it('leaves the bars of a terminal whole', async () => {
    const screen = createScreen()
    const display = createGetDisplay(screen, { mode: 'bars', isPlain: true })
    display.note('Before anything came.')
    const start = (path: string) => display.show({ type: 'start', path, size: 10 })
    start('a.bin')
    await until('a is drawn', async () => screen.text().includes('a.bin'))
    display.note('It answers 503. The next attempt is in 20 s.')
    start('b.bin')
    await until('b is drawn', async () => screen.text().includes('b.bin'))
    display.end()
    const lines = screen.text().trimEnd().split('\n')
    assert.deepEqual(lines.slice(0, 2), [
      'Before anything came.',
      'It answers 503. The next attempt is in 20 s.',
    ])
    assert.deepEqual(
      lines.slice(2).map((line) => line.slice(0, 10).trimEnd()),
      ['a.bin', 'b.bin', '0 of 2 fil'],
    )
  })

  it('is said by the commands, and not to programs', async (t) => {
    const cwd = await temporaryFolder(t)
    const commands = [
      ['get', '/a.bin'],
      ['wait', '/v1/deliveries/x'],
      ['request', '', '--type', 'a'],
    ]
    await Promise.all(
      commands.flatMap(([word = '', path = '', ...more]) =>
        [[], ['--json']].map(async (json) => {
          const { url } = await startBusyServer(t, '1')
          const words = [word, `${url}${path}`, ...more, ...json]
          const to = word === 'get' ? ['--to', `of ${json.length}`] : []
          const env = { XDG_CONFIG_HOME: cwd }
          const { code, err } = await runMain([...words, ...to], { cwd, env })
          assert.equal(code, 0, err)
          const asked = word === 'request' ? '/v1/deliveries' : path
          const line = `${url}${asked} answers 503. The next attempt is in 1 s.\n`
          assert.equal(err.includes(line), json.length === 0, err)
          if (json.length > 0) assert.equal(err, '')
        }),
      ),
    )
  })
})

/** A terminal that knows what the bars ask of it: lines, going up, and erasing below. */
function createScreen() {
  let lines = ['']
  return {
    columns: 80,
    rows: 24,
    text: () => lines.join('\n'),
    write(written: string) {
      for (const [part] of written.replaceAll('\u001b', '␛').matchAll(/␛\[\d*[A-Z]|\n|[^␛\n]+/g)) {
        const [, count = '1', command] = /^␛\[(\d*)([A-Z])$/.exec(part) ?? []
        if (command === 'A') lines = lines.slice(0, Math.max(0, lines.length - 1 - Number(count)))
        if (command === 'A' || part === '\n') lines.push('')
        else if (command === undefined) lines[lines.length - 1] += part
      }
    },
  }
}
