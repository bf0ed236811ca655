import type { Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { ModuleFunctionOptions } from '../../define-config.ts'
import type { Producer, ProducerContext } from '../producer.ts'

/**
 * Runs a function of the operator's. The download is over when the function is and every file it
 * opened is written; a file that nothing is piped into any more is ended for it.
 */
export function createModuleProducer(produce: ModuleFunctionOptions['produce']): Producer {
  return (context) => run(produce, context)
}

async function run(
  produce: ModuleFunctionOptions['produce'],
  context: ProducerContext,
): Promise<void> {
  const stop = Promise.withResolvers<never>()
  // It may come when nobody waits any more.
  stop.promise.catch(() => {})
  const files = new Set<OpenFile>()
  let over = false
  const file = (name: string, mediaType: string): Writable => {
    if (over) throw new Error(`The file ${name} was opened after the download was over.`)
    const opened = openFile(context.file(name, mediaType), stop.reject)
    files.add(opened)
    return opened.writable
  }
  const aborted = () => stop.reject(context.signal.reason)
  context.signal.addEventListener('abort', aborted, { once: true })
  try {
    context.signal.throwIfAborted()
    const { type, info, account, signal } = context
    const progress = context.progress.bind(context)
    const ended = (async () => {
      await produce({ type, info, account, signal, progress, file })
      await finishAll(files)
    })()
    await Promise.race([ended, stop.promise])
  } catch (cause) {
    const reason = cause instanceof Error ? cause : new Error(String(cause))
    for (const { writable } of files) writable.destroy(reason)
    throw reason
  } finally {
    over = true
    context.signal.removeEventListener('abort', aborted)
  }
}

interface OpenFile {
  readonly writable: Writable
  /** What is piped into it now. */
  readonly sources: Set<Readable>
}

function openFile(writable: Writable, fail: (reason: Error) => void): OpenFile {
  const sources = new Set<Readable>()
  writable.on('error', fail)
  writable.on('pipe', (source: Readable) => {
    sources.add(source)
    // `pipe()` leaves its end open when the source breaks.
    finished(source, { writable: false }).catch(fail)
  })
  writable.on('unpipe', (source: Readable) => sources.delete(source))
  return { writable, sources }
}

async function finishAll(files: ReadonlySet<OpenFile>): Promise<void> {
  for (const { writable, sources } of files) {
    if (!writable.writableEnded && sources.size === 0) writable.end()
    await finished(writable, { readable: false })
  }
}
