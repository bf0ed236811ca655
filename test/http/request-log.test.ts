import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import type { RequestLine } from '../../src/log.ts'
import { startTestServer } from '../support/test-server.ts'
import { until } from '../support/until.ts'

const run = promisify(execFile)
const log = JSON.stringify(new URL('../../src/log.ts', import.meta.url).href)

/** What a program writes that logs to its standard output. */
async function logged(level: string, work: string): Promise<Record<string, unknown>[]> {
  const words = ['--input-type=module', '-e', programOf(level, work)]
  return parse((await run(process.execPath, words)).stdout)
}

function programOf(level: string, work: string): string {
  return `
    import { createLog, createRequestLog } from ${log}
    const log = createLog({ level: '${level}', descriptor: 1 })
    const line = createRequestLog(log)
    ${work}`
}

function parse(lines: string): Record<string, unknown>[] {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

describe('the log of requests', () => {
  it('has the lines that the logger itself would write', async () => {
    const lines: RequestLine[] = [
      { id: 'req-1', method: 'GET', path: '/v1/a"b\\c\u2028é', status: 200, ms: 0.3, ip: '::1' },
      { method: 'PUT', path: '/files/x', status: 206, ms: 12, whole: false },
      { id: 'req-2', method: 'POST', path: '/', status: 503, ms: 0, ip: '10.0.0.1", "status":200' },
    ]
    const work = `for (const one of ${JSON.stringify(lines)}) { line(one); log.info(one, 'request') }`
    const seen = await logged('info', work)
    assert.equal(seen.length, 2 * lines.length)
    for (const [at, line] of lines.entries()) {
      const [ours, theirs] = [seen[2 * at], seen[2 * at + 1]]
      assert.deepEqual({ ...ours, time: '' }, { ...theirs, time: '' })
      assert.deepEqual({ ...ours, ...line }, ours)
      assert.match(String(ours?.time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    }
  })

  it('says nothing above `info`', async () => {
    const work = `line({ method: 'GET', path: '/', status: 200, ms: 1 }); log.warn('Told')`
    assert.deepEqual(
      (await logged('warn', work)).map(({ msg }) => msg),
      ['Told'],
    )
  })

  it('has all lines in their order, also of a program that ends by an error', async () => {
    const work = `
      for (let at = 0; at < 1000; at += 1) {
        log.info({ at }, 'x'.repeat(at % 300))
        if (at % 100 === 50) await new Promise((resolve) => setTimeout(resolve, 5))
      }
      await new Promise((resolve) => setTimeout(resolve, 300))
      log.info({ at: 1000 }, 'The last one')
      process.exit(0)`
    const seen = (await logged('info', work)).map(({ at }) => at)
    assert.deepEqual(seen, [...Array(1001).keys()])
  })

  it('holds little for a reader that takes nothing, and says what was lost', async () => {
    const work = `
      // With it Node makes a pipe such that writing to it does not wait.
      process.stdout.write('')
      for (let at = 0; at < 100_000; at += 1) log.info({ at }, 'x'.repeat(100))
      process.stderr.write('done')
      setTimeout(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', programOf('info', work)])
    await once(child.stderr, 'data')
    const seen = parse(await text(child.stdout))
    const lost = seen.filter(({ level }) => level === 'warn').map(({ lines }) => Number(lines))
    const told = lost.reduce((sum, count) => sum + count, 0)
    assert.equal(seen.length - lost.length + told, 100_000)
    assert.ok(seen.length < 50_000, `${seen.length} lines`)
  })

  it('leaves out query strings', async (t) => {
    const server = await startTestServer(t)
    await fetch(`${server.url}/healthz?token=secret`)
    await until('the line is there', () =>
      server.log.some(({ path, status }) => path === '/healthz' && status === 200),
    )
    assert.doesNotMatch(JSON.stringify(server.log), /secret/)
  })

  it('leaves out the secrets of manifests, also of an address that was cut off', async (t) => {
    const server = await startTestServer(t)
    const secret = 's3cr3t-'.repeat(7).slice(0, 43)
    const ends = ['/files/1/a.csv', '/list.txt', '/', '', '%2Flist.txt']
    for (const end of ends) await fetch(`${server.url}/v1/manifests/${secret}${end}`)
    const told = () => server.log.filter(({ path }) => String(path).startsWith('/v1/manifests/'))
    await until('the lines are there', () => told().length === ends.length)
    assert.doesNotMatch(JSON.stringify(server.log), /s3cr3t/)
  })
})
