import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { type CommandOptions, command } from '../../src/define-config.ts'
import { makeProducer } from '../support/config-file.ts'
import { isRunning } from '../support/processes.ts'
import { createContext } from '../support/producer-context.ts'
import { sized } from '../support/size.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

const file = { name: 'output', mediaType: 'text/plain' }

function shell(script: string, more: Partial<CommandOptions> = {}) {
  return command({ command: 'sh', args: ['-c', script], file, ...more })
}

/** Starts two children in the background, tells all three ids, and never ends. */
const family = 'sleep 1000 & a=$!; sleep 1000 & echo $$ $a $! > pids.tmp; mv pids.tmp pids; wait'

async function familyIn(folder: string): Promise<number[]> {
  let text = ''
  await until('it has started', async () => {
    text = await readFile(join(folder, 'pids'), 'utf8').catch(() => '')
    return text !== ''
  })
  return text.trim().split(' ').map(Number)
}

async function allGone(pids: readonly number[]): Promise<boolean> {
  const running = await Promise.all(pids.map(isRunning))
  return !running.includes(true)
}

async function produceIn(t: TestContext, config: ReturnType<typeof command>) {
  const folder = await temporaryFolder(t)
  const produce = await makeProducer(config, {
    folder,
    environment: { PATH: process.env.PATH, TZ: 'UTC', SECRET: 'hidden', REGION: 'fr' },
  })
  return { folder, produce }
}

describe('a command', () => {
  it('makes the file of its standard output, and reads info on its standard input', async (t) => {
    const { produce } = await produceIn(t, shell('printf "got "; cat'))
    const collected = createContext({ info: { year: 2026, name: 'Ænima' } })
    await produce(collected.context)
    assert.equal(collected.text(), 'got {"year":2026,"name":"Ænima"}\n')
    assert.equal(collected.files[0]?.mediaType, 'text/plain')
  })

  it('gets an environment of named variables and the request, nothing else', async (t) => {
    const config = command({ command: 'env', file, environment: ['REGION', 'ABSENT'] })
    const { produce } = await produceIn(t, config)
    const collected = createContext({ info: 'x' })
    await produce(collected.context)
    const lines = collected.text().trim().split('\n').sort()
    assert.deepEqual(lines, [
      'CLAIMCHECK_ACCOUNT=ada',
      'CLAIMCHECK_ACCOUNT_ID=account-1',
      'CLAIMCHECK_DOWNLOAD_TYPE=example',
      'CLAIMCHECK_INFO="x"',
      'CLAIMCHECK_ORGANIZATION_ID=organization-1',
      `PATH=${process.env.PATH}`,
      'REGION=fr',
      'TZ=UTC',
    ])
  })

  it('takes an info that is too long for a variable on standard input alone', async (t) => {
    const { produce } = await produceIn(t, shell('printf "%s" "$CLAIMCHECK_INFO"; wc -c'))
    const collected = createContext({ info: 'x'.repeat(1_000_000) })
    await produce(collected.context)
    assert.equal(collected.text().trim(), '1000003')
  })

  it('does not mind a program that never reads its input', async (t) => {
    const { produce } = await produceIn(t, shell('exec 0<&-; echo done'))
    const collected = createContext({ info: 'x'.repeat(1_000_000) })
    await produce(collected.context)
    assert.equal(collected.text(), 'done\n')
  })

  it('delivers every byte of a large output to a slow file', async (t) => {
    const size = sized(30_000_000, 3_000_000_000)
    const { produce } = await produceIn(t, shell(`head -c ${size} /dev/zero`))
    let bytes = 0
    const collected = createContext({
      write: async (chunk) => {
        bytes += chunk.length
        await new Promise(setImmediate)
      },
    })
    await produce(collected.context)
    assert.equal(bytes, size)
    assert.equal(collected.files[0]?.finished, true)
  })

  it('fails with its exit code and the end of what it complained of', async (t) => {
    const { produce } = await produceIn(
      t,
      shell(
        'head -c 20000 /dev/zero | tr "\\0" x >&2; echo no template found >&2; echo half; exit 3',
      ),
    )
    const collected = createContext()
    await assert.rejects(produce(collected.context), (error: Error) => {
      assert.match(
        error.message,
        /^The command sh failed with exit code 3\. It said: x+no template found$/,
      )
      return error.message.length < 8300
    })
    assert.equal(collected.files[0]?.finished, false)
    assert.ok(collected.files[0]?.failure)
  })

  it('fails when a signal ended it', async (t) => {
    const { produce } = await produceIn(t, shell('kill -9 $$'))
    await assert.rejects(produce(createContext().context), /was ended by the signal SIGKILL\./)
  })

  it('says so when the program is not there, or may not be run', async (t) => {
    const absent = await produceIn(t, command({ command: 'no-such-program', file }))
    await assert.rejects(absent.produce(createContext().context), /no such program on the PATH/)
    const locked = await produceIn(t, command({ command: './locked', file }))
    await writeFile(join(locked.folder, 'locked'), '#!/bin/sh\n')
    await chmod(join(locked.folder, 'locked'), 0o644)
    await assert.rejects(locked.produce(createContext().context), /not executable/)
  })

  it('runs a program beside the config file, with its arguments as they are', async (t) => {
    const { folder, produce } = await produceIn(
      t,
      command({ command: './report.sh', args: ['a b', '$HOME', ';ls'], file }),
    )
    await writeFile(join(folder, 'report.sh'), '#!/bin/sh\nfor each; do echo "[$each]"; done\n')
    await chmod(join(folder, 'report.sh'), 0o755)
    const collected = createContext()
    await produce(collected.context)
    assert.equal(collected.text(), '[a b]\n[$HOME]\n[;ls]\n')
  })

  it('ends the processes it leaves behind, and does not wait for them', async (t) => {
    const { folder, produce } = await produceIn(
      t,
      shell('sleep 1000 & echo $! > pids; echo finished', { grace: 0.2 }),
    )
    const collected = createContext()
    await produce(collected.context)
    assert.equal(collected.text(), 'finished\n')
    await until('they are gone', async () => allGone(await familyIn(folder)))
  })

  it('ends its whole group on cancel', async (t) => {
    const { folder, produce } = await produceIn(t, shell(family))
    const controller = new AbortController()
    const collected = createContext({ signal: controller.signal })
    const produced = produce(collected.context)
    const pids = await familyIn(folder)
    const canceled = new Error('The download was canceled.')
    controller.abort(canceled)
    await assert.rejects(produced, canceled)
    assert.ok(await allGone(pids))
    assert.equal(collected.files[0]?.failure, canceled)
  })

  it('ends even those that do not listen to SIGTERM, after the grace', async (t) => {
    const { folder, produce } = await produceIn(t, shell(`trap "" TERM; ${family}`, { grace: 0.3 }))
    const controller = new AbortController()
    const produced = produce(createContext({ signal: controller.signal }).context)
    const pids = await familyIn(folder)
    controller.abort(new Error('The download was canceled.'))
    await assert.rejects(produced, /canceled/)
    await until('they are gone', () => allGone(pids))
  })

  it('is ended at its time limit', async (t) => {
    const { produce } = await produceIn(t, shell(family, { timeout: 0.5 }))
    await assert.rejects(produce(createContext().context), /time limit of 0.5 seconds/)
  })

  for (const [name, config] of [
    ['', shell(family)],
    [', trapped or not', shell(`trap "" TERM; ${family}`, { grace: 0.3 })],
    [', also while nobody takes its output', shell(`yes & ${family}`)],
  ] as const) {
    it(`ends its whole group when the server is killed${name}`, async (t) => {
      const folder = await temporaryFolder(t)
      const script = new URL('../support/run-producer.ts', import.meta.url)
      const server = fork(script, [folder, JSON.stringify(config)], { stdio: 'ignore' })
      const ended = once(server, 'exit')
      const pids = await familyIn(folder)
      server.kill('SIGKILL')
      await ended
      await until('they are gone', () => allGone(pids))
    })
  }

  it('does not start for a download that is canceled already', async (t) => {
    const { produce } = await produceIn(t, shell('echo started'))
    const collected = createContext({ signal: AbortSignal.abort(new Error('Too late.')) })
    await assert.rejects(produce(collected.context), /Too late/)
    assert.equal(collected.files.length, 0)
  })
})
