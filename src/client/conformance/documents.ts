import { asList, asObject, asText } from '../json.ts'
import { listedUrl } from '../listed-url.ts'
import { isSigned, type Transport } from '../transport.ts'
import { checkBytes } from './bytes.ts'
import { type Checked, judge, look } from './check.ts'

/** What a check is given: who asks, and an address of the API. */
export interface Subject {
  readonly transport: Transport
  readonly url: string
}

/** The Bridge Downloads API document. */
export async function* checkDownloads({ transport, url }: Subject): AsyncGenerator<Checked> {
  const at = url.replace(/(?:\/file)?\/?$/, '')
  const shown = await look(transport, at)
  const download = asObject(shown.body.download)
  const members = ['id', 'download_type', 'user_id', 'state', 'url']
  yield judge('downloads', `200 with ${members.join(', ')} in "download"`, [
    shown,
    shown.status === 200 && members.every((name) => name in download),
  ])
  const isDone = download.state === 'done'
  yield judge('downloads', 'url is null in any state but "done"', [
    shown,
    isDone ? typeof download.url === 'string' : download.url === null,
  ])
  const file = await look(transport, `${at}/file`)
  const expected = isDone ? '302 to the file' : '404 while it is not finished'
  const location = file.headers.get('location')
  yield judge('downloads', expected, [
    file,
    isDone ? file.status === 302 && location !== null : file.status === 404,
  ])
  const unknown = await look(transport, at.replace(/[^/]+$/, 'no-such-download'))
  yield judge('downloads', '404 for a download that does not exist', [
    unknown,
    unknown.status === 404,
  ])
  yield await refusesStrangers('downloads', { transport, url: at })
  if (location !== null) yield* checkBytes('downloads', transport, new URL(location, at).href)
}

/** The REGARDS order document. */
export async function* checkOrders({ transport, url }: Subject): AsyncGenerator<Checked> {
  const [, base = '', id = ''] = /^(.*\/rs-order)\/(?:user\/)?orders\/(\d+)/.exec(url) ?? []
  for (const path of [`user/orders/${id}`, `orders/${id}`]) {
    const page = await look(transport, `${base}/${path}/files/available?page=0&size=50`)
    yield judge('orders', `200, 204 or 206 at …/${path.replace(id, '{id}')}/files/available`, [
      page,
      [200, 204, 206].includes(page.status),
    ])
    if (![200, 206].includes(page.status)) continue
    const metadata = asObject(page.body.metadata)
    yield judge('orders', 'metadata has number, totalElements, totalPages', [
      page,
      ['number', 'totalElements', 'totalPages'].every((name) => typeof metadata[name] === 'number'),
    ])
    const items = asList(page.body.content).map((item) => asObject(asObject(item).content ?? item))
    const members = ['productId', 'checksum', 'filename', 'mimeType']
    yield judge('orders', `each file has ${members.join(', ')} and a link`, [
      page,
      items.every(
        (item) =>
          members.every((name) => name in item) && asText(item.uri ?? item.downloadUrl) !== null,
      ),
    ])
    const small = await look(transport, `${base}/${path}/files/available?page=0&size=1`)
    yield judge('orders', 'size limits the page', [small, asList(small.body.content).length <= 1])
  }
  const files = `${base}/orders/${id}/files/available`
  yield await refusesStrangers('orders', { transport, url: files })
}

/** The Flux Vision download document. */
export async function* checkStudies({ transport, url }: Subject): AsyncGenerator<Checked> {
  const at = url.replace(/\/?$/, '/')
  const listing = await look(transport, at)
  const files = asList(listing.json).map(asObject)
  const isList = listing.status === 200 && Array.isArray(listing.json)
  yield judge('studies', '200 with a list', [listing, isList])
  const members = ['orga_code_ref', 'study_code_ref', 'delivery_code_ref', 'file_name', 'url']
  yield judge('studies', `each file has ${members.join(', ')}`, [
    listing,
    isList && files.every((file) => members.every((name) => typeof file[name] === 'string')),
  ])
  const date = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d$/
  yield judge('studies', 'file_last_modified_date has microseconds and an offset', [
    listing,
    isList && files.every((file) => date.test(asText(file.file_last_modified_date) ?? '')),
  ])
  yield await refusesStrangers('studies', { transport, url: at })
  const link = asText(files[0]?.url)
  if (link !== null) yield* checkBytes('studies', transport, listedUrl(link, at))
}

/** The TAO rostering document. */
export async function* checkImports({ transport, url }: Subject): AsyncGenerator<Checked> {
  const at = url.replace(/\/status\/([^/?#]+)\/?$/, '/download/$1')
  const got = await look(transport, at)
  const link = asText(got.body.signedUrl)
  yield judge('imports', '200 with "signedUrl"', [got, got.status === 200 && link !== null])
  const unknown = await look(transport, at.replace(/[^/]+$/, '12345'))
  const message = 'Reference ID not found. File not found in pending bucket.'
  yield judge('imports', `404 {"message":"${message}"}`, [
    unknown,
    unknown.status === 404 && unknown.body.message === message,
  ])
  const refused = await look(transport, at, { anonymous: true })
  const isPlain = /^text\/plain/.test(refused.headers.get('content-type') ?? '')
  yield judge('imports', '401 text/plain "Access Denied" without a token', [
    refused,
    refused.status === 401 && isPlain && refused.text.trim() === 'Access Denied',
  ])
  if (link !== null) yield* checkBytes('imports', transport, new URL(link, at).href)
}

/** The Flowroute porting document. */
export async function* checkPortOrders({ transport, url }: Subject): AsyncGenerator<Checked> {
  const [, base = '', file] = /^(.*\/portorders\/\d+)(?:\/files?\/([^/?#]+))?/.exec(url) ?? []
  if (file === undefined) {
    yield { api: 'port-orders', expected: 'a document to look at', holds: null, seen: 'none named' }
    return
  }
  let link: string | null = null
  for (const word of ['files', 'file']) {
    const got = await look(transport, `${base}/${word}/${file}`)
    const data = asObject(got.body.data)
    const attributes = asObject(data.attributes)
    link = asText(attributes.url) ?? link
    yield judge('port-orders', `200 portorder-file-url at …/${word}/:file_id`, [
      got,
      got.status === 200 && data.type === 'portorder-file-url' && asText(data.id) === file,
    ])
    const expiry = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/
    yield judge('port-orders', 'expires has microseconds and +00:00; links.self is there', [
      got,
      expiry.test(asText(attributes.expires) ?? '') && asText(asObject(data.links).self) !== null,
    ])
  }
  const unknown = await look(transport, `${base}/files/999999999`)
  yield judge('port-orders', 'an error has an array of error objects', [
    unknown,
    unknown.status === 404 && Array.isArray(unknown.body.errors),
  ])
  yield await refusesStrangers('port-orders', { transport, url: `${base}/files/${file}` })
  if (link !== null) yield* checkBytes('port-orders', transport, new URL(link, base).href)
}

async function refusesStrangers(
  api: Checked['api'],
  { transport, url }: Subject,
): Promise<Checked> {
  const refused = await look(transport, url, { anonymous: true })
  // RFC 9110 §15.5.2
  const isChallenged = refused.headers.has('www-authenticate')
  return judge(api, '401 with WWW-Authenticate without signing in', [
    refused,
    refused.status === 401 && isChallenged && !isSigned(new URL(url)),
  ])
}
