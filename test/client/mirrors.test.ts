import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { createTestClient, get } from '../support/get.ts'
import { etagOf, type Fault, someBytes, startHostileServer } from '../support/hostile-server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const bytes = someBytes(3_000_000)
const sha256 = createHash('sha256').update(bytes).digest('hex')

/** Two servers with the same file under tags of their own; the first one does what `fault` says. */
async function setUp(t: TestContext, fault: () => Fault | null) {
  const [first, second] = [await startHostileServer(t), await startHostileServer(t)]
  first.files.set('/a.bin', { bytes, etag: etagOf(bytes) })
  second.files.set('/a.bin', { bytes, etag: '"of the mirror"' })
  first.fault = fault
  const folder = await temporaryFolder(t)
  const client = createTestClient(first.url, { credentials: { kind: 'bearer', token: 'secret' } })
  const urls = [`${first.url}/a.bin`, `${second.url}/a.bin`]
  return {
    ...{ first, second, urls },
    async fetch(text: string) {
      const { report, events } = await get(client, first.url, { folder, text })
      const got = await readFile(join(folder, 'a.bin')).catch(() => null)
      return { report, events, got }
    },
  }
}

/** Half of the file, and then nothing any more. */
function halfway(): () => Fault {
  let asked = 0
  return () => {
    asked += 1
    return asked === 1 ? { kind: 'cut', after: 1_500_000 } : { kind: 'error', status: 500 }
  }
}

function metalink(urls: readonly string[], hash = `<hash type="sha-256">${sha256}</hash>`): string {
  // In the wrong order: the priority counts.
  const links = urls.map((url, index) => `<url priority="${index + 1}">${url}</url>`).toReversed()
  return `<metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="a.bin">${hash}${links.join('')}</file></metalink>`
}

describe('a file with mirrors', () => {
  it('goes on at the next one from the byte where the first one failed for good', async (t) => {
    const { first, second, urls, fetch } = await setUp(t, halfway())
    const { report, got, events } = await fetch(metalink(urls))
    assert.deepEqual([report.fetched, report.failed], [1, []])
    assert.ok(got?.equals(bytes))
    assert.equal(first.seen[0]?.headers.authorization, 'Bearer secret')
    const [asked, ...more] = second.seen.map(({ headers }) => headers)
    assert.deepEqual(more, [])
    assert.match(String(asked?.range), /^bytes=[1-9]\d{5,6}-/)
    // Neither our credentials nor the tag of the first one are of any use there.
    assert.equal(asked?.authorization, undefined)
    assert.equal(asked?.['if-range'], undefined)
    const told = events.flatMap((event) => (event.type === 'setback' ? [event.sentence] : []))
    assert.match(told.at(-1) ?? '', /answers 500\. Another address is tried\.$/)
  })

  it('begins anew there when no digest would vouch for the whole', async (t) => {
    const { second, urls, fetch } = await setUp(t, halfway())
    const { report, got } = await fetch(metalink(urls, ''))
    assert.deepEqual([report.fetched, report.failed], [1, []])
    assert.ok(got?.equals(bytes))
    assert.deepEqual(
      second.seen.map(({ headers }) => headers.range),
      [undefined],
    )
  })

  const wrong: [string, () => Fault][] = [
    ['is refused', () => ({ kind: 'error', status: 502 })],
    ['is damaged each time', () => ({ kind: 'flip' })],
    ['is a web page', () => ({ kind: 'html' })],
    [
      'is over its time',
      () => ({ kind: 'expired', status: 403, code: 'ExpiredRequest', message: null }),
    ],
  ]
  for (const [title, fault] of wrong) {
    it(`comes from the next one when it ${title}`, async (t) => {
      const { second, urls, fetch } = await setUp(t, fault)
      const { report, got } = await fetch(metalink(urls))
      assert.deepEqual([report.fetched, report.failed], [1, []])
      assert.ok(got?.equals(bytes))
      assert.ok(second.seen.length >= 1)
    })
  }

  it('may stand in a JSON manifest or in a list for aria2', async (t) => {
    for (const form of ['json', 'aria2']) {
      const { second, urls, fetch } = await setUp(t, () => ({ kind: 'error', status: 500 }))
      const [url, mirror = ''] = urls
      const mirrors = ['ftp://mirror.example/a.bin', mirror, 7]
      const json = JSON.stringify({ files: [{ name: 'a.bin', url, sha256, mirrors }] })
      const list = `${url}\tftp://mirror.example/a.bin\t${mirror}\n  checksum=sha-256=${sha256}\n`
      const { report, got } = await fetch(form === 'json' ? json : list)
      assert.deepEqual([report.fetched, report.failed], [1, []], form)
      assert.ok(got?.equals(bytes))
      assert.equal(second.seen.length, 1)
    }
  })

  it('fails when all of them do', async (t) => {
    const { second, urls, fetch } = await setUp(t, () => ({ kind: 'error', status: 500 }))
    second.files.clear()
    const { report } = await fetch(metalink(urls))
    assert.deepEqual(
      report.failed.map(({ error }) => error.code),
      ['not_found'],
    )
  })
})
