import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { readPatiently } from '../../src/client/read-patiently.ts'
import { createTestClient, get } from '../support/get.ts'
import { startHostileServer } from '../support/hostile-server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const long = 'x'.repeat(100_000)

describe('readPatiently()', () => {
  const ways: [how: string, headers: Record<string, string>, body: string | Buffer][] = [
    ['that tells its length', { 'content-length': '100000' }, long],
    ['that does not tell its length', {}, long],
    ['that is compressed', { 'content-encoding': 'gzip' }, gzipSync(long)],
  ]
  for (const [how, headers, body] of ways) {
    it(`gives up at once over an answer ${how} and is too long`, async (t) => {
      const server = await startHostileServer(t)
      server.handle = (_request, response) => {
        response.writeHead(200, headers).write(body)
        response.end()
        return true
      }
      const { transport } = createTestClient(server.url)
      const refused = readPatiently(transport, { url: server.url }, 99_999)
      await assert.rejects(refused, { code: 'bad_answer' })
      assert.equal(server.seen.length, 1)
      const { text } = await readPatiently(transport, { url: server.url }, 100_000)
      assert.equal(text, long)
    })
  }
})

describe('getFiles()', () => {
  it('lets the answer go when there is no place for the file', async (t) => {
    const folder = await temporaryFolder(t)
    await mkdir(join(folder, 'a.bin.part'))
    let isLetGo = false
    const client = createTestClient('http://files.example', {
      async fetch() {
        const body = new ReadableStream({
          cancel() {
            isLetGo = true
          },
        })
        return new Response(body, { headers: { 'content-length': '3000000' } })
      },
    })
    await get(client, 'http://files.example/a.bin', { folder }).catch(() => null)
    assert.ok(isLetGo)
  })
})
