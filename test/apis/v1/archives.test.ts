import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { findAccount } from '../../../src/core/accounts/accounts.ts'
import { readWithPython } from '../../support/archive-tools.ts'
import { deliver, type GivenFile } from '../../support/archive-world.ts'
import { patternBytes, sha256 } from '../../support/bytes.ts'
import { ask } from '../../support/raw-http.ts'
import { suiteCleanup } from '../../support/suite-cleanup.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import type { TestAccount } from '../../support/test-server.ts'
import { until } from '../../support/until.ts'
import { by, type Page, startWorld, type World } from '../../support/v1-world.ts'

interface LinkJson {
  id: string
  fileNumber: number | null
  archiveId: string | null
  url: string
}

interface ArchiveJson {
  id: string
  fileName: string
  size: number
  files: number
  omitted: number
  etag: string
  link: LinkJson
}

const files: GivenFile[] = [
  { name: 'one.txt', bytes: patternBytes(100_000) },
  { name: 'two.txt', bytes: patternBytes(200_000, 2) },
  { name: 'late.txt', bytes: null },
]

describe('archives in /v1', () => {
  const cleanup = suiteCleanup()
  let world: World

  before(async () => {
    world = await startWorld(cleanup)
  })

  it('redirects to a signed URL of an archive of all files, which resumes', async (t) => {
    const { delivery } = await give(world.ada)
    const path = `/v1/deliveries/${delivery.id}/archive`
    const [first, second] = [await location(path), await location(path)]
    const whole = await get(first)
    assert.equal(whole.status, 200)
    assert.ok(whole.whole)
    assert.equal(whole.headers.get('content-type'), 'application/zip')
    assert.match(whole.headers.get('content-disposition') ?? '', /download-\d+\.zip/)
    const etag = whole.headers.get('etag') ?? ''
    const rest = await get(second, { Range: 'bytes=150000-', 'If-Range': etag })
    assert.equal(rest.status, 206)
    assert.ok(rest.body.equals(whole.body.subarray(150_000)))
    assert.equal((await get(second, { 'If-None-Match': etag })).status, 304)
    const file = join(await temporaryFolder(t), 'a.zip')
    await writeFile(file, whole.body)
    const report = await readWithPython(file)
    assert.deepEqual(report.names, ['one.txt', 'two.txt', 'NOTICE.txt'])
    assert.equal(report.read['two.txt'], sha256(patternBytes(200_000, 2)))
    const tar = await get(await location(`${path}?format=tar`))
    assert.equal(tar.headers.get('content-type'), 'application/x-tar')
  })

  it('gives a link with its facts, lists it, and revokes it', async () => {
    const { delivery } = await give(world.ada)
    const archive = await world.json<ArchiveJson>(
      'POST',
      `/v1/deliveries/${delivery.id}/archive/links`,
      { ...by(world.ada, { body: { lifetimeSeconds: 60 } }), status: 201 },
    )
    assert.deepEqual([archive.files, archive.omitted], [2, 1])
    const { link } = archive
    assert.deepEqual([link.fileNumber, link.archiveId], [null, archive.id])
    const whole = await get(link.url)
    assert.equal(whole.body.length, archive.size)
    assert.equal(whole.headers.get('etag'), archive.etag)
    const { items } = await world.json<Page<LinkJson>>('GET', '/v1/links', by(world.ada))
    assert.ok(items.some(({ id }) => id === link.id))
    await world.ask('DELETE', `/v1/links/${link.id}`, by(world.ada))
    assert.equal((await get(link.url)).status, 403)
  })

  it('packs files that one chooses, of several deliveries, and asks for each of them', async () => {
    const one = await give(world.ada)
    const two = await give(world.ada)
    const bobs = await give(world.bob)
    const chosen = [one.numbers[0], two.numbers[0]]
    const body = { files: chosen, fileName: '../my files', format: 'tar' }
    const archive = await world.json<ArchiveJson>('POST', '/v1/archives', {
      ...by(world.ada, { body }),
      status: 201,
    })
    assert.equal(archive.fileName, '__my files.tar')
    assert.equal((await get(archive.link.url)).body.length, archive.size)
    const again = await world.json<ArchiveJson>('POST', '/v1/archives', {
      ...by(world.ada, { body }),
      status: 201,
    })
    assert.equal(again.etag, archive.etag)
    for (const account of [world.ada, world.eve]) {
      const foreign = { files: [...chosen, bobs.numbers[0]] }
      const answer = await world.ask('POST', '/v1/archives', by(account, { body: foreign }))
      assert.equal(answer.status, 404)
    }
    for (const wrong of [{}, { files: ['1'] }, { files: [0] }, { files: [], more: 1 }]) {
      const answer = await world.ask('POST', '/v1/archives', by(world.ada, { body: wrong }))
      assert.equal(answer.status, 422)
    }
  })

  it('counts each file as picked up by what of the archive went out', async () => {
    const { delivery, numbers } = await give(world.ada)
    const url = await location(`/v1/deliveries/${delivery.id}/archive`)
    await get(url, { Range: 'bytes=0-150000' })
    const taken = async () => {
      const path = `/v1/pickups?delivery=${delivery.id}`
      const page = await world.json<Page<{ fileNumber: number; completedAt: string | null }>>(
        'GET',
        path,
        by(world.ada),
      )
      return page.items.map((item) => [item.fileNumber, item.completedAt !== null])
    }
    await until('the pick-ups are written', async () => (await taken()).length === 2)
    assert.deepEqual(await taken(), [
      [numbers[0], true],
      [numbers[1], false],
    ])
    await get(url, { Range: 'bytes=150001-' })
    await until('the pick-ups are written', async () =>
      (await taken()).every(([, completed]) => completed === true),
    )
  })

  it('breaks the connection when a file is gone, and answers 404 when it is known before', async () => {
    const { delivery, numbers } = await give(world.ada)
    const url = await location(`/v1/deliveries/${delivery.id}/archive`)
    const { core } = world.server
    await core.database.kysely
      .updateTable('delivery_files')
      .set({ stored_file_id: null })
      .where('number', '=', numbers[1] ?? 0)
      .execute()
    // Both files are of one block, so that it is known before the first byte.
    assert.equal((await get(url)).status, 404)
    const other = await give(world.ada)
    const otherUrl = await location(`/v1/deliveries/${other.delivery.id}/archive`)
    const rows = await core.database.kysely
      .selectFrom('delivery_files')
      .innerJoin('stored_files', 'stored_files.id', 'delivery_files.stored_file_id')
      .select('stored_files.object_key')
      .where('delivery_files.number', '=', other.numbers[1] ?? 0)
      .execute()
    for (const { object_key } of rows) await core.store.remove(object_key)
    const broken = await get(otherUrl)
    assert.equal(broken.status, 200)
    assert.equal(broken.whole, false)
  })

  it('tells who asks what its bytes are by SHA-256, and from then on everybody', async () => {
    const { delivery } = await give(world.ada)
    const url = await location(`/v1/deliveries/${delivery.id}/archive`)
    const { body, headers } = await get(url)
    const digest = Buffer.from(sha256(body), 'hex').toString('base64')
    assert.equal(headers.get('repr-digest'), undefined)
    const wish = { 'Want-Repr-Digest': 'sha-256=1' }
    const etag = headers.get('etag') ?? ''
    // It is not read for those who get nothing of it.
    for (const [more, status] of [
      [{ 'If-None-Match': etag }, 304],
      [{ 'If-Match': '"another"' }, 412],
      [{ Range: `bytes=${body.length}-` }, 416],
    ] as const) {
      assert.equal((await get(url, { ...wish, ...more })).status, status)
    }
    assert.equal((await get(url)).headers.get('repr-digest'), undefined)
    const range = await get(url, { Range: 'bytes=0-9', ...wish })
    assert.equal(range.status, 206)
    assert.equal(range.headers.get('repr-digest'), `sha-256=:${digest}:`)
    const other = await location(`/v1/deliveries/${delivery.id}/archive`)
    const head = await get(other, { 'Want-Digest': 'SHA-512;q=1, SHA-256;q=1, SHA;q=0.1' }, 'HEAD')
    assert.equal(head.headers.get('repr-digest'), `sha-256=:${digest}:`)
    assert.equal(head.headers.get('digest'), `SHA-256=${digest}`)
  })

  it('tells the digest of a long one once somebody who asked has got the whole', async () => {
    const { delivery } = await give(world.ada, [
      ...files,
      { name: 'long', bytes: Buffer.alloc(16 * 1024 * 1024, 'x'), encrypted: true },
    ])
    const url = await location(`/v1/deliveries/${delivery.id}/archive`)
    const wish = { 'Want-Repr-Digest': 'sha-256=1' }
    const toldBy = async (method: string, more = {}) => {
      const { headers, body } = await get(url, { ...wish, ...more }, method)
      return { told: headers.get('repr-digest'), body }
    }
    assert.equal((await toldBy('HEAD')).told, undefined)
    assert.equal((await toldBy('GET', { Range: 'bytes=1-' })).told, undefined)
    assert.equal((await toldBy('HEAD')).told, undefined)
    const { told, body } = await toldBy('GET')
    assert.equal(told, undefined)
    const digest = Buffer.from(sha256(body), 'hex').toString('base64')
    assert.equal((await get(url, {}, 'HEAD')).headers.get('repr-digest'), `sha-256=:${digest}:`)
  })

  it('answers who asks for the digest as who asks for the bytes when a file is gone', async () => {
    const { delivery, numbers } = await give(world.ada)
    const url = await location(`/v1/deliveries/${delivery.id}/archive`)
    await world.server.core.database.kysely
      .updateTable('delivery_files')
      .set({ stored_file_id: null })
      .where('number', '=', numbers[1] ?? 0)
      .execute()
    for (const method of ['GET', 'HEAD']) {
      assert.equal((await get(url, { 'Want-Repr-Digest': 'sha-256=1' }, method)).status, 404)
    }
  })

  it('uses up no link, and counts nothing as picked up, for who only asks for the digest', async () => {
    const { delivery } = await give(world.ada)
    const { link } = await world.json<ArchiveJson>(
      'POST',
      `/v1/deliveries/${delivery.id}/archive/links`,
      { ...by(world.ada, { body: { maxUses: 1 } }), status: 201 },
    )
    const wish = { 'Want-Repr-Digest': 'sha-256=1' }
    const head = await get(link.url, wish, 'HEAD')
    assert.match(head.headers.get('repr-digest') ?? '', /^sha-256=:/)
    const { used, open } = await world.json<{ used: number; open: number }>(
      'GET',
      `/v1/links/${link.id}`,
      by(world.ada),
    )
    assert.deepEqual([used, open], [0, 0])
    const { status, headers } = await get(link.url)
    assert.deepEqual([status, headers.get('repr-digest')], [200, head.headers.get('repr-digest')])
    assert.equal((await get(link.url, wish)).status, 403)
    const later = await get(link.url, wish, 'HEAD')
    assert.equal(later.headers.get('repr-digest'), head.headers.get('repr-digest'))
    const sizes = async () => {
      const path = `/v1/pickups?delivery=${delivery.id}`
      const { items } = await world.json<Page<{ bytesSent: number }>>('GET', path, by(world.ada))
      return items.map(({ bytesSent }) => bytesSent)
    }
    await until('the pick-ups are written', async () => (await sizes()).length === 2)
    assert.deepEqual(await sizes(), [100_000, 200_000])
  })

  it('leads a download of several files to a ZIP in the downloads API', async () => {
    const { delivery } = await give(world.ada)
    const url = await location(`/api/downloads/${delivery.id}/file`)
    assert.match(url, /\/files\/[0-9a-z]+\/download-\d+\.zip\?/)
    assert.equal((await get(url)).headers.get('content-type'), 'application/zip')
  })

  async function give(account: TestAccount, given = files) {
    const { core } = world.server
    const owner = await findAccount(core, account.id)
    assert.ok(owner !== null)
    return await deliver(core, { owner, files: given })
  }

  async function location(path: string): Promise<string> {
    const { headers } = world.ada
    const answer = await fetch(world.server.url + path, { headers, redirect: 'manual' })
    assert.equal(answer.status, 302)
    return answer.headers.get('location') ?? ''
  }

  function get(url: string, headers: Record<string, string> = {}, method = 'GET') {
    const { port, pathname, search } = new URL(url)
    return ask(Number(port), { method, path: pathname + search, headers })
  }
})
