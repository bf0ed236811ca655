import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { defineConfig, module, worker } from '../../src/define-config.ts'
import { bytesOf, filesOf, makingMs } from './content.ts'

const maxAttempts = 12
const octets = 'application/octet-stream'
const tagOf = (info: unknown) => (info as { tag: string }).tag

/** What the customers of the chaos ask for. */
export default defineConfig({
  downloadTypes: {
    made: {
      maxAttempts,
      producer: module({
        async produce({ file, info, signal }) {
          const files = filesOf(tagOf(info))
          for (const one of files) {
            const stream = file(one.name, octets)
            for (const chunk of bytesOf(tagOf(info), one)) stream.write(chunk)
            await pause(makingMs(tagOf(info)) / files.length, undefined, { signal })
            stream.end()
          }
        },
      }),
    },
    // By a temporary file, as producers do that need the node's disk.
    spooled: {
      maxAttempts,
      producer: module({
        async produce({ file, info }) {
          const folder = await mkdtemp(join(tmpdir(), 'spool-'))
          try {
            for (const one of filesOf(tagOf(info))) {
              const path = join(folder, one.name)
              await pipeline(Readable.from(bytesOf(tagOf(info), one)), createWriteStream(path))
              await pipeline(createReadStream(path), file(one.name, octets))
            }
          } finally {
            await rm(folder, { recursive: true, force: true })
          }
        },
      }),
    },
    outside: { maxAttempts, producer: worker() },
    doomed: {
      maxAttempts: 2,
      producer: module({
        produce() {
          throw new Error('It cannot be made.')
        },
      }),
    },
  },
})
