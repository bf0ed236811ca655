import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { type ModuleContext, module } from '../../src/define-config.ts'
import { makeProducer } from '../support/config-file.ts'
import { type ContextOptions, createContext } from '../support/producer-context.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

async function run(
  produce: (context: ModuleContext) => Promise<void> | void,
  options: ContextOptions = {},
) {
  const collected = createContext(options)
  const producer = await makeProducer(module({ produce }), { folder: '/' })
  return { collected, produced: producer(collected.context) }
}

describe('a module', () => {
  it('is given the request and writes several files', async () => {
    const { collected, produced } = await run(
      async ({ type, info, account, progress, file }) => {
        const first = file('first.txt', 'text/plain')
        first.write(`${type} ${JSON.stringify(info)} `)
        first.end(account.username)
        progress(0.5, 'one of two')
        await pipeline(Readable.from(['a', 'b']), file('second.txt', 'text/csv'))
      },
      { info: { year: 2026 } },
    )
    await produced
    assert.deepEqual(
      collected.files.map((each) => [
        each.name,
        each.mediaType,
        `${each.chunks.join('')}`,
        each.finished,
      ]),
      [
        ['first.txt', 'text/plain', 'example {"year":2026} ada', true],
        ['second.txt', 'text/csv', 'ab', true],
      ],
    )
    assert.deepEqual(collected.progress, [{ fraction: 0.5, message: 'one of two' }])
  })

  it('waits for files that are still being piped, and ends those that were forgotten', async () => {
    const { collected, produced } = await run(({ file }) => {
      Readable.from(['slow', 'ly'], { highWaterMark: 1 }).pipe(file('piped', 'text/plain'))
      file('forgotten', 'text/plain').write('but whole')
    })
    await produced
    assert.deepEqual(
      collected.files.map((each) => [each.chunks.join(''), each.finished]),
      [
        ['slowly', true],
        ['but whole', true],
      ],
    )
  })

  it('fails when what is piped into a file breaks, though nobody looks', async () => {
    const { collected, produced } = await run(({ file }) => {
      const source = createReadStream('/nowhere/at/all')
      source.on('error', () => {})
      source.pipe(file('piped', 'text/plain'))
    })
    await assert.rejects(produced, /ENOENT/)
    assert.equal(collected.files[0]?.finished, false)
  })

  it('fails when a file cannot be written, though the function never asks', async () => {
    const full = new Error('The disk is full.')
    const { produced } = await run(
      async ({ file, signal }) => {
        file('a', 'text/plain').write('x')
        await new Promise((_, reject) => signal.addEventListener('abort', reject))
      },
      {
        write: () => {
          throw full
        },
      },
    )
    await assert.rejects(produced, full)
  })

  it('gives up every file when the function throws', async () => {
    for (const thrown of [new Error('No data.'), 'No data.']) {
      const { collected, produced } = await run(({ file }) => {
        file('whole', 'text/plain').end('x')
        file('half', 'text/plain').write('x')
        throw thrown
      })
      await assert.rejects(produced, /No data\./)
      assert.equal(collected.files[1]?.finished, false)
      assert.match(String(collected.files[1]?.failure), /No data\./)
    }
  })

  it('is over on cancel, whether the function listens or not', async () => {
    const controller = new AbortController()
    const canceled = new Error('The download was canceled.')
    const late = Promise.withResolvers<unknown>()
    const { collected, produced } = await run(
      async ({ file }) => {
        file('half', 'text/plain').write('x')
        await new Promise((resolve) => controller.signal.addEventListener('abort', resolve))
        await turn()
        try {
          file('late', 'text/plain')
        } catch (error) {
          late.resolve(error)
        }
      },
      { signal: controller.signal },
    )
    controller.abort(canceled)
    await assert.rejects(produced, canceled)
    assert.equal(collected.files[0]?.failure, canceled)
    assert.match(String(await late.promise), /The file late was opened after the download was over/)
    assert.equal(collected.files.length, 1)
  })

  it('is a file beside the config file, too', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(
      join(folder, 'report.ts'),
      `import type { ModuleContext } from 'claimcheck/config'
      export async function produce({ file }: ModuleContext) { file('r.txt', 'text/plain').end('hi') }`,
    )
    const produce = await makeProducer(module({ path: './report.ts' }), { folder })
    const collected = createContext()
    await produce(collected.context)
    assert.equal(collected.text(), 'hi')
  })

  it('does not mistake the end of one pipe for the end of the file', async () => {
    const { collected, produced } = await run(async ({ file }) => {
      const target = file('joined', 'text/plain')
      const head = new PassThrough()
      head.pipe(target, { end: false })
      head.end('head ')
      await new Promise((resolve) => head.once('end', resolve))
      await turn()
      target.write('tail')
    })
    await produced
    assert.equal(collected.text(), 'head tail')
  })
})
