import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { newOrder, type PortOrderAnswer, setUpPortOrders as setUp } from '../support/port-orders.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

interface JsonApi {
  Validator: new () => { validate(document: unknown): void }
}

const { Validator } = createRequire(import.meta.url)('jsonapi-validator') as JsonApi
const noCurl = spawnSync('curl', ['--version']).status === 0 ? false : 'curl is not installed'

describe('port orders under the strict setting', () => {
  it('keep to JSON:API in every answer', async (t) => {
    const { api, send, ada, admin } = await setUp(t, { CLAIMCHECK_JSON_API_STRICT: 'on' })
    const validator = new Validator()
    const judged = (answer: PortOrderAnswer): PortOrderAnswer => {
      assert.match(answer.headers.get('content-type') ?? '', /^application\/vnd\.api\+json$/)
      validator.validate(answer.body)
      return answer
    }
    const status = (to: string) => ({ data: { type: 'portorder', attributes: { status: to } } })
    const wish = newOrder({ status_url: 'https://hooks.example/' })
    judged(await api('GET', '', ada))
    judged(await api('POST', '/portability', ada, { numbers: ['+12065551234'] }))
    const order = judged(await api('POST', '', ada, wish)).body.data
    const split = newOrder({ numbers: ['+18005550100', '+12065551234'] })
    const group = judged(await api('POST', '', ada, split)).body.data
    judged(await api('POST', `/${group.id}/numbers`, ada, { add: ['+12065551236'] }))
    judged(await api('GET', `?group_id=${group.id}&status`, ada))
    judged(await api('PATCH', `/${order.id}`, ada, { data: { attributes: { company: 'x' } } }))
    const numbers = { add: ['+12065550001'] }
    judged(await api('PATCH', `/${order.id}/relationships/numbers`, ada, numbers))
    judged(await api('GET', `/${order.id}/loa`, ada))
    const file = { filename: 'a.pdf' }
    const upload = judged(await api('POST', `/${order.id}/upload_file`, ada, file)).body.data
    judged(await api('GET', `/${order.id}/files/${upload.id}`, ada))
    await fetch(upload.attributes.url, { method: 'PUT', body: 'bytes' })
    judged(await api('GET', `/${order.id}/files/${upload.id}`, ada))
    judged(await api('POST', `/${order.id}/files`, ada, { url: 'https://files.invalid/a.pdf' }))
    const shown = judged(await api('GET', `/${order.id}`, ada)).body.data.attributes
    assert.deepEqual(shown.business_documents, [{ filename: 'a.pdf', status: 'uploaded' }])
    judged(await api('GET', `/${order.id}/status`, ada))
    judged(await api('PATCH', `/${order.id}/status`, ada, status('processing')))
    judged(await api('PATCH', `/${order.id}/status`, admin, status('rejected')))
    judged(await api('PATCH', `/${order.id}`, ada, status('cancelled')))
    const list = judged(await api('GET', '?limit=1', ada)).body
    assert.equal(list.data[0].type, 'portorder')
    judged(await api('GET', new URL(list.links.next).search, ada))
    for (const [path, code] of [
      ['/999', 404],
      ['/x/y/z', 404],
      ['?limit=0', 422],
    ] as const) {
      const refused = judged(await api('GET', path, ada))
      assert.equal(refused.body.errors[0].status, String(code))
    }
    judged(await api('GET', '', null))
    judged(await api('DELETE', '/1', ada))
    judged(await send('POST', '', ada, { type: 'application/json', body: '{' }))
    judged(await send('POST', '', ada, { type: 'text/csv', body: 'x' }))
    const typed = { type: 'application/vnd.api+json', body: JSON.stringify(newOrder()) }
    assert.equal(judged(await send('POST', '', ada, typed)).status, 201)
  })
})

describe('the Flowroute document', () => {
  it('has its example answer given field by field', async (t) => {
    const { api, ada, url } = await setUp(t)
    const order = (await api('POST', '', ada, newOrder())).body.data.id
    const { data } = (await api('POST', `/${order}/upload_file`, ada, { filename: 'test.pdf' }))
      .body
    await fetch(data.attributes.url, { method: 'PUT', body: 'bytes' })
    const { body } = await api('GET', `/${order}/files/${data.id}`, ada)
    const example = JSON.parse(fixture('file-url.json'))
    const translate = (text: string) =>
      text
        .replace('https://api.flowroute.com', url)
        .replace('/40093/', `/${order}/`)
        .replace('/50987', `/${data.id}`)
    assert.deepEqual(body, {
      data: {
        ...example.data,
        attributes: body.data.attributes,
        id: data.id,
        links: { self: translate(example.data.links.self) },
      },
    })
    assert.deepEqual(Object.keys(body.data), Object.keys(example.data))
    const { attributes } = body.data
    assert.deepEqual(Object.keys(attributes), Object.keys(example.data.attributes))
    const digits = (text: string) => text.replace(/\d/g, '0')
    assert.equal(digits(attributes.expires), digits(example.data.attributes.expires))
    const lastSegment = (link: string) => new URL(link).pathname.split('/').at(-1)
    assert.equal(lastSegment(attributes.url), lastSegment(example.data.attributes.url))
    assert.equal(
      new URL(attributes.url).searchParams.get('Expires'),
      String(Math.floor(Date.parse(attributes.expires) / 1000)),
    )
  })

  it('has its curl commands do what it says', { skip: noCurl }, async (t) => {
    const { api, ada, url } = await setUp(t)
    const folder = await temporaryFolder(t)
    const order = (await api('POST', '', ada, newOrder())).body.data.id
    const pair = `${ada.accessKey}:${ada.secretKey}`
    const bill = Buffer.from('the bill\n'.repeat(20_000))
    await writeFile(join(folder, 'mybill.pdf'), bill)
    const curl = (...options: string[]) =>
      promisify(execFile)('curl', ['-sS', ...options], { cwd: folder })
    const asked = await curl(
      ...['-X', 'POST', `${url}/v2/portorders/${order}/upload_file`, '-u', pair],
      ...['-H', 'Content-Type: application/json', '-d', '{"filename":"/fullpath/to/test.pdf"}'],
    )
    const put = JSON.parse(asked.stdout).data
    const uploaded = await curl('-T', 'mybill.pdf', '-w', '%{http_code}', put.attributes.url)
    assert.equal(uploaded.stdout, '200')
    // curl https://api.flowroute.com/v2/portorders/:portorder_id/file/:file_id -u accessKey:secretKey
    const link = await curl(`${url}/v2/portorders/${order}/file/${put.id}`, '-u', pair)
    const got = JSON.parse(link.stdout).data.attributes.url
    // curl -O S3_URL
    await curl('-O', got)
    assert.deepEqual(await readFile(join(folder, 'test.pdf')), bill)
    const binary = ['--data-binary', '@mybill.pdf', '-X', 'PUT', '-w', '%{http_code}']
    const again = await curl(...binary, put.attributes.url)
    assert.match(again.stdout, /<Code>AccessDenied<\/Code>[\s\S]*403$/)
  })

  it('has its expiry document, element by element', { skip: noCurl }, async (t) => {
    const { api, ada } = await setUp(t, { CLAIMCHECK_SIGNED_URL_SECONDS: '1' })
    const order = (await api('POST', '', ada, newOrder())).body.data.id
    const { data } = (await api('POST', `/${order}/upload_file`, ada, { filename: 'a.pdf' })).body
    const put = async () =>
      await promisify(execFile)('curl', ['-sSi', '-X', 'PUT', data.attributes.url])
    let answer = await put()
    while (!answer.stdout.includes('expired')) answer = await put()
    const [head = '', xml = ''] = answer.stdout.split('\r\n\r\n')
    assert.match(head, /^HTTP\/1\.1 401 /)
    const shape = (text: string) => text.replace(/>[^<\n]+</g, '>…<')
    assert.equal(shape(xml), shape(fixture('expired.xml')))
    assert.match(xml, /<Code>AccessDenied<\/Code>\n<Message>Request has expired<\/Message>/)
  })
})

function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/port-orders/${name}`, import.meta.url), 'utf8')
}
