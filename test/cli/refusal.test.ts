import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { Command, CommandList } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/commands.ts'
import { run } from '../../src/cli/run.ts'
import { startHostileServer } from '../support/hostile-server.ts'
import { runMain } from '../support/run-main.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** Runs the command line in this process; gives the exit code and the standard error. */
async function refuse(t: TestContext, words: string[]): Promise<{ code: number; err: string }> {
  const written: string[] = []
  const { mock } = t.mock.method(process.stderr, 'write', (text: string) => written.push(text) > 0)
  const code = await run(words)
  mock.restore()
  return { code, err: written.join('') }
}

async function* everyCommand(
  list: CommandList,
  path: readonly string[] = [],
): AsyncGenerator<{ path: string[]; command: Command }> {
  for (const entry of list.commands) {
    const thing = await entry.load()
    const inner = [...path, entry.name]
    if ('commands' in thing) yield* everyCommand(thing, inner)
    else yield { path: inner, command: thing }
  }
}

/** The refusal on the standard error, which must be its only line. */
function errorOf(err: string): { code: string; message: string; details?: object } {
  assert.match(err, /^\{[^\n]*\}\n$/)
  const { error, ...rest } = JSON.parse(err)
  assert.deepEqual(rest, {})
  return error
}

describe('a refusal with --json', () => {
  it('is one JSON line of every command', async (t) => {
    let count = 0
    for await (const { path, command } of everyCommand(commands)) {
      const bad = await refuse(t, [...path, '--no-such-option', '--json'])
      assert.equal(bad.code, 2)
      const { code, message } = errorOf(bad.err)
      assert.equal(code, 'usage')
      assert.match(message, new RegExp(`^There is no option .* "claimcheck ${path.join(' ')} `))
      assert.ok('json' in command.options, `${path.join(' ')} has no --json`)
      count += 1
    }
    assert.ok(count >= 40, `${count} commands`)
    const unknown = await refuse(t, ['acount', '--json'])
    assert.match(errorOf(unknown.err).message, /did you mean "claimcheck account"/)
    const sentence = await refuse(t, ['acount', '--', '--json'])
    assert.match(sentence.err, /^There is no command/)
  })

  it('carries the code and the facts of what the server said', async (t) => {
    const server = await startHostileServer(t)
    server.handle = (_request, response) => {
      response.writeHead(403).end('{"detail":"Not for you."}')
      return true
    }
    const cwd = await temporaryFolder(t)
    const url = `${server.url}/v1/deliveries/x`
    for (const word of ['get', 'ls', 'wait', 'link']) {
      const words = [word, url, '--json']
      const { code, out, err } = await runMain(words, { cwd, env: { XDG_CONFIG_HOME: cwd } })
      assert.deepEqual([code, out], [8, ''])
      const message = `${url} answers 403: Not for you.`
      assert.deepEqual(errorOf(err), { code: 'forbidden', message, details: { status: 403 } })
    }
  })

  it('stands beside the document of what was done', async (t) => {
    const server = await startHostileServer(t)
    const cwd = await temporaryFolder(t)
    const words = ['get', `${server.url}/gone.bin`, '--json']
    const { code, out, err } = await runMain(words, { cwd, env: { XDG_CONFIG_HOME: cwd } })
    assert.equal(code, 10)
    assert.equal(JSON.parse(out).failed[0].code, 'not_found')
    assert.equal(errorOf(err).code, 'not_found')
  })

  it('names the kind of what is wrong on this computer', async (t) => {
    const cwd = await temporaryFolder(t)
    const env = { CLAIMCHECK_PORT: 'x' }
    const settings = await runMain(['settings', '--json'], { cwd, env })
    assert.deepEqual([settings.code, errorOf(settings.err).code], [1, 'settings'])
    const local = await runMain(['account', 'list', '--json'], { cwd: tmpdir() })
    assert.deepEqual([local.code, errorOf(local.err).code], [1, 'failed'])
    const absent = await runMain(['verify', join(cwd, 'absent'), '--json'], { cwd })
    assert.deepEqual([absent.code, errorOf(absent.err).code], [2, 'bad_input'])
    await runMain(['init', '--json'], { cwd })
    const taken = await runMain(['account', 'create', 'admin', '--json'], { cwd })
    assert.equal(taken.code, 1)
    const { code, details } = errorOf(taken.err)
    assert.deepEqual([code, details], ['conflict', { field: 'username' }])
  })
})
