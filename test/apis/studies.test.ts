import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { formatDate, fromPath, toFileEntry } from '../../src/apis/studies/wire.ts'
import { setPermissions, suspendAccount } from '../../src/core/accounts/accounts.ts'
import { publishDelivery } from '../../src/core/studies/publish-delivery.ts'
import { withdrawFile } from '../../src/core/studies/withdraw-files.ts'
import { basic, bytesOf, type Listed, publish, startStudies, toPath } from '../support/studies.ts'
import { createTestAccount } from '../support/test-server.ts'
import { until } from '../support/until.ts'

const run = promisify(execFile)
const fixture = new URL('../fixtures/studies/listing.json', import.meta.url)
const example = JSON.parse(readFileSync(fixture, 'utf8')) as Listed[]

describe('the studies API', () => {
  it('prints the example of its document, member by member', () => {
    const frame = {
      base: 'http://download.flux-vision.orange-business.com/api_file/v1',
      organization: { code: 'HAUC', name: 'Haute-C.' },
      offset: 120,
      withNames: false,
    }
    const rows = example.map((entry) => ({
      file_number: 1,
      modified_at: microsecondsOf(entry.file_last_modified_date),
      name: entry.file_name,
      segment: entry.url.split('/').at(-1) ?? '',
      study_code: entry.study_code_ref,
      study_name: 'A study',
      delivery_code: entry.delivery_code_ref,
      delivery_name: 'A delivery',
    }))
    const printed = rows.map((row) => toFileEntry(frame, row))
    // As text: the order of the members is the document's, too.
    assert.equal(JSON.stringify(printed), JSON.stringify(example))
  })

  it('lists and hands out what the example shows', async (t) => {
    const { core, list, ask, server } = await startStudies(t)
    await publishDelivery(core, 'system', {
      ...toPath('HAUC/HAUC-3/HAUC-3-1'),
      files: [{ name: 'f1', segment: 'file_2', bytes: bytesOf('older') }],
    })
    await publishDelivery(core, 'system', {
      ...toPath('HAUC/HAUC-3/HAUC-3-2'),
      files: [{ name: 'f1', segment: 'file_1', bytes: bytesOf('newer') }],
    })
    const listed = await list('/HAUC/')
    const host = 'http://download.flux-vision.orange-business.com'
    const seen = listed.map(({ file_last_modified_date: _date, ...entry }) => ({
      ...entry,
      url: entry.url.replace(server.url, host),
    }))
    const wanted = example.map(({ file_last_modified_date: _date, ...entry }) => entry)
    assert.deepEqual(seen, wanted)
    for (const { file_last_modified_date: date } of listed) {
      assert.match(date, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/)
    }
    const file = await ask(listed[0]?.url ?? '')
    assert.equal(file.status, 200)
    assert.equal(file.headers.get('content-disposition'), 'attachment; filename="f1"')
    assert.equal(await file.text(), 'newer')
  })

  it('answers the same with and without the slash at the end, at each depth', async (t) => {
    const { core, ask } = await startStudies(t)
    await publish(core, 'HAUC/S/D', { a: '1', b: '2' })
    await publish(core, 'HAUC/S/E', { c: '3' })
    await publish(core, 'HAUC/T/F', { d: '4' })
    for (const [path, names] of [
      ['/HAUC', 'd c b a'],
      ['/HAUC/S', 'c b a'],
      ['/HAUC/S/D', 'b a'],
    ] as const) {
      const [bare, slash, query] = await Promise.all(
        ['', '/', '?x=/y'].map(async (end) => {
          const answer = await ask(path + end, undefined, { redirect: 'manual' })
          assert.equal(answer.status, 200)
          assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8')
          return answer.text()
        }),
      )
      assert.equal(bare, slash)
      assert.equal(bare, query)
      const files = JSON.parse(bare ?? '') as Listed[]
      assert.equal(files.map((file) => file.file_name).join(' '), names)
    }
  })

  it('is used by curl and a JSON reader as by its live clients', async (t) => {
    const { core, ada, server } = await startStudies(t)
    const files = { 'a b.zip': 'zip', "l'été 100%.csv": 'été', 'q"#?.kml': '<kml/>' }
    await publish(core, 'HAUC/HAUC-3/HAUC-3-2', files)
    const curl = async (url: string) => {
      const { stdout } = await run('curl', ['-sf', '-u', `ada:${ada.password}`, url], {
        encoding: 'buffer',
      })
      return stdout
    }
    let body: Buffer
    try {
      body = await curl(`${server.url}/api_file/v1/HAUC/`)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      return t.skip('curl is not installed')
    }
    const listed = JSON.parse(body.toString()) as Listed[]
    const taken = new Map<string, string>()
    for (const { file_name, url } of listed) {
      // What one of the live clients does to every URL; it must change nothing here.
      assert.equal(url.replaceAll(' ', '%20'), url)
      taken.set(file_name, (await curl(url)).toString())
    }
    assert.deepEqual(Object.fromEntries(taken), Object.fromEntries(Object.entries(files).reverse()))
  })

  it('takes a password, a key pair and a token, and challenges with Basic', async (t) => {
    const { core, ada, server } = await startStudies(t)
    await publish(core, 'HAUC/S/D', { a: '1' })
    const url = `${server.url}/api_file/v1/HAUC/`
    for (const headers of [
      basic('ada', ada.password),
      basic(ada.accessKey, ada.secretKey),
      ada.headers,
    ]) {
      assert.equal((await fetch(url, { headers })).status, 200)
    }
    for (const headers of [{}, basic('ada', 'wrong'), { authorization: 'Bearer wrong' }]) {
      for (const path of ['HAUC/', 'HAUC/S/D/a', 'none', 'a/b/c/d/e']) {
        const refused = await fetch(`${server.url}/api_file/v1/${path}`, { headers })
        assert.equal(refused.status, 401)
        assert.equal(
          refused.headers.get('www-authenticate'),
          'Basic realm="Flux Vision", charset="UTF-8"',
        )
        assert.equal(((await refused.json()) as { error: string }).error, 'unauthenticated')
      }
    }
    await suspendAccount(core, 'system', ada.id)
    assert.equal((await fetch(url, { headers: ada.headers })).status, 401)
  })

  it('tells nobody what others have', async (t) => {
    const { core, ask } = await startStudies(t)
    await publish(core, 'HAUC/S/D', { a: '1' })
    await publish(core, 'HAUC/T/D', { b: '2' })
    const account = (name: string, organization: string, permissions: string[]) =>
      createTestAccount(core, name, { organization, permissions })
    const nobody = await account('nobody', 'HAUC', ['download:*'])
    const eve = await account('eve', 'OTHER', ['admin', 'study:*', 'study:HAUC'])
    const oneStudy = await account('one', 'HAUC', ['study:HAUC/S'])
    const all = await account('all', 'HAUC', ['study:*'])
    const admin = await account('boss', 'HAUC', ['admin'])
    const paths = ['/HAUC/', '/HAUC/S/', '/HAUC/S/D/', '/HAUC/S/D/a', '/HAUC/T', '/HAUC/T/D/b']
    const unknown = ['/NONE/', '/HAUC/X/', '/HAUC/S/X/', '/HAUC/S/D/x', '/HAUC/S/D/a/', '/', '']
    const statuses = async (who: typeof nobody, which: string[]) =>
      (await Promise.all(which.map((path) => ask(path, who)))).map(({ status }) => status)
    assert.deepEqual(await statuses(nobody, paths), [404, 404, 404, 404, 404, 404])
    assert.deepEqual(await statuses(eve, paths), [404, 404, 404, 404, 404, 404])
    assert.deepEqual(await statuses(oneStudy, paths), [200, 200, 200, 200, 404, 404])
    assert.deepEqual(await statuses(all, paths), [200, 200, 200, 200, 200, 200])
    assert.deepEqual(await statuses(admin, paths), [200, 200, 200, 200, 200, 200])
    for (const who of [nobody, eve, oneStudy, all, admin]) {
      assert.deepEqual([...new Set(await statuses(who, unknown))], [404])
    }
    // Word for word the same, whether it is there or not.
    const [theirs, none] = await Promise.all([ask('/HAUC/S/D/a', eve), ask('/NONE/S/D/a', eve)])
    assert.equal(await theirs.text(), await none.text())
    assert.match(theirs.headers.get('content-type') ?? '', /^application\/json/)
    assert.equal(theirs.headers.get('www-authenticate'), null)
  })

  it('lists only the studies that one may see, newest first over all of them', async (t) => {
    const { core, list } = await startStudies(t)
    const codes = ['A 1', 'B/', 'É'].map((code) => code.replace('/', '∕'))
    for (let round = 0; round < 5; round += 1) {
      for (const code of [...codes, 'HIDDEN']) {
        await publish(core, `HAUC/${code}/D${round}`, { [`f${round}`]: `${code} ${round}` })
      }
    }
    const permissions = codes.map((code) => `study:HAUC/${encodeURIComponent(code)}`)
    const some = await createTestAccount(core, 'some', { organization: 'HAUC', permissions })
    const listed = await list('/HAUC/', some)
    assert.equal(listed.length, 15)
    assert.deepEqual(new Set(listed.map((file) => file.study_code_ref)), new Set(codes))
    const dates = listed.map((file) => file.file_last_modified_date)
    assert.deepEqual(dates, [...dates].sort().reverse())
    assert.equal((await list('/HAUC/')).length, 20)
  })

  it('answers [] for what is there and empty, and only for that', async (t) => {
    const { core, ask, list } = await startStudies(t)
    assert.deepEqual(await list('/HAUC/'), [])
    assert.equal((await ask('/HAUC/S/')).status, 404)
    await publish(core, 'HAUC/S/D', {})
    assert.deepEqual(await list('/HAUC/S/D/'), [])
    await publish(core, 'HAUC/S/D', { a: '1' })
    await withdrawFile(core, 'system', { ...toPath('HAUC/S/D'), segment: 'a' })
    assert.deepEqual(await list('/HAUC/S/D'), [])
    assert.equal((await ask('/HAUC/S/D/a')).status, 404)
  })

  it('sends ranges, conditions, HEAD and digests, and notes who took what', async (t) => {
    const { core, ask, list, ada, server } = await startStudies(t)
    await publish(core, 'HAUC/S/D', { 'a.csv': '0123456789' })
    const [file] = await list('/HAUC/')
    const url = file?.url ?? ''
    const head = await ask(url, ada, { method: 'HEAD' })
    assert.equal(head.headers.get('content-length'), '10')
    assert.equal(head.headers.get('content-type'), 'text/csv')
    assert.match(head.headers.get('repr-digest') ?? '', /^sha-256=:/)
    const date = new Date(file?.file_last_modified_date ?? '')
    date.setMilliseconds(0)
    assert.equal(head.headers.get('last-modified'), date.toUTCString())
    const first = await ask(url, ada, { headers: { range: 'bytes=0-3' } })
    assert.equal(first.status, 206)
    assert.equal(await first.text(), '0123')
    const etag = head.headers.get('etag') ?? ''
    assert.equal((await ask(url, ada, { headers: { 'if-none-match': etag } })).status, 304)
    assert.equal((await ask(url, ada, { headers: { range: 'bytes=10-' } })).status, 416)
    const pickups = () => core.database.kysely.selectFrom('pickups').selectAll().executeTakeFirst()
    await until('the first half is noted', async () => (await pickups())?.bytes_sent === 4)
    assert.equal((await pickups())?.completed_at, null)
    await ask(url, ada, { headers: { range: 'bytes=4-' } })
    await until('the whole is noted', async () => (await pickups())?.completed_at != null)
    assert.equal((await pickups())?.account_id, ada.id)
    const headOfList = await fetch(`${server.url}/api_file/v1/HAUC/`, {
      method: 'HEAD',
      headers: ada.headers,
    })
    assert.equal(headOfList.status, 200)
    assert.equal(await headOfList.text(), '')
  })

  it('shows names in the shipped profile, the offset that is set, and https behind PUBLIC_URL', async (t) => {
    const { core, list } = await startStudies(t, {
      CLAIMCHECK_STUDIES_PROFILE: 'shipped',
      CLAIMCHECK_STUDIES_DATE_OFFSET: '-03:30',
      CLAIMCHECK_PUBLIC_URL: 'https://files.example',
    })
    await publishDelivery(core, 'system', {
      ...toPath('HAUC/S/D'),
      studyName: 'Tourism',
      files: [{ name: 'a', bytes: bytesOf('1') }],
    })
    await publishDelivery(core, 'system', { ...toPath('HAUC/S/D'), deliveryName: 'May', files: [] })
    const [file] = await list('/HAUC/')
    assert.equal(file?.orga_name, 'HAUC')
    assert.equal(file?.study_name, 'Tourism')
    assert.equal(file?.delivery_name, 'May')
    assert.equal(file?.url, 'https://files.example/api_file/v1/HAUC/S/D/a')
    assert.match(file?.file_last_modified_date ?? '', /-03:30$/)
  })

  it('refuses other methods and broken paths in its own format', async (t) => {
    const { core, ask, ada } = await startStudies(t)
    await publish(core, 'HAUC/S/D', { a: '1' })
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const answer = await ask('/HAUC/', ada, { method })
      assert.equal(answer.status, 405, method)
      assert.equal(answer.headers.get('allow'), 'GET, HEAD')
      assert.equal(((await answer.json()) as { error: string }).error, 'method_not_allowed')
    }
    // The router refuses what is no UTF-8 before any API sees it.
    assert.equal((await ask('/%ff/')).status, 400)
    for (const path of ['/HAUC%00/', '/HAUC//D/a', '/HAUC/S/D/a/b', '//']) {
      const answer = await ask(path)
      assert.equal(answer.status, 404, path)
      assert.equal(((await answer.json()) as { error: string }).error, 'not_found', path)
    }
  })

  it('stops showing a study when its permission is taken', async (t) => {
    const { core, ask, ada } = await startStudies(t)
    await publish(core, 'HAUC/S/D', { a: '1' })
    assert.equal((await ask('/HAUC/S/D/a')).status, 200)
    await setPermissions(core, 'system', { accountId: ada.id, permissions: ['study:HAUC/T'] })
    assert.equal((await ask('/HAUC/S/D/a')).status, 404)
    assert.equal((await ask('/HAUC/S/')).status, 404)
  })
})

describe('the paths of the studies API', () => {
  it('are read segment by segment', () => {
    assert.deepEqual(fromPath('/A/'), { organization: 'A' })
    assert.deepEqual(fromPath('/A%2FB/S'), { organization: 'A/B', study: 'S' })
    assert.deepEqual(fromPath('/A/S/D/'), { organization: 'A', study: 'S', delivery: 'D' })
    assert.deepEqual(fromPath('/A/S/D/%2525%20x'), {
      organization: 'A',
      study: 'S',
      delivery: 'D',
      segment: '%25 x',
    })
    for (const path of ['', '/', '//', '/A//', '/A/S/D/f/', '/A/S/D/f/g', '/%', '/%00']) {
      assert.equal(fromPath(path), null, path)
    }
  })

  it('show dates with six digits and one offset', () => {
    assert.equal(formatDate(0, 0), '1970-01-01T00:00:00.000000+00:00')
    assert.equal(formatDate(1_617_371_077_293_849, 120), '2021-04-02T15:44:37.293849+02:00')
    assert.equal(formatDate(1_617_371_077_000_007, -570), '2021-04-02T04:14:37.000007-09:30')
  })
})

function microsecondsOf(date: string): number {
  return Date.parse(date) * 1000 + Number(/\.\d{3}(\d{3})/.exec(date)?.[1] ?? 0)
}
