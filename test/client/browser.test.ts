import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type PortalWorld, startPortalWorld } from '../support/portal-world.ts'
import { suiteCleanup } from '../support/suite-cleanup.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const run = promisify(execFile)
const clone = fileURLToPath(new URL('../../', import.meta.url))

/** What the page is told to do; it is a text because it is a program for the browser. */
const program = `async ({ url, token }) => {
  const { createClient, requestDelivery, makeLinks, ClientError } = await import('/sdk/client/public.js')
  const client = createClient({ url, credentials: { kind: 'bearer', token } })
  const at = await requestDelivery(client, url, { type: 'slow' })
  const looks = []
  const found = []
  for await (const { standing, progress, message, files } of client.open(at).watch()) {
    looks.push([standing, progress, message])
    found.push(...files)
    if (message === 'Half-way') await window.halfWay()
  }
  const listed = []
  for await (const { files } of client.open(at).watch({ once: true })) {
    for (const { name, size, digests } of files) listed.push({ name, size, sha256: digests.sha256 })
  }
  const greeting = await requestDelivery(client, url, { type: 'greeting', info: { name: 'Ada' } })
  for await (const { files } of client.open(greeting).watch()) found.push(...files)
  const texts = []
  for (const file of found) {
    const place = await file.locate()
    const { response } = await client.transport.send(place)
    let text = ''
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) text += chunk
    texts.push(text)
  }
  let link = null
  for await (const made of makeLinks(client, greeting)) link = made.name
  const refused = await createClient({ url, credentials: { kind: 'bearer', token: 'wrong' } })
    .open(at).watch()[Symbol.asyncIterator]().next()
    .catch((error) => error instanceof ClientError && error.code)
  return { looks, listed, texts, link, refused }
}`

interface Told {
  readonly looks: [string, number, string | null][]
  readonly listed: { name: string; size: number; sha256: string }[]
  readonly texts: string[]
  readonly link: string
  readonly refused: string
}

describe('claimcheck/client in a browser', () => {
  const cleanup = suiteCleanup()
  let built: string

  before(async () => {
    built = await temporaryFolder(cleanup)
    const settings = {
      extends: join(clone, 'tsconfig.build.json'),
      // Without the types of Node, what it alone has does not compile.
      compilerOptions: { types: [], outDir: built, rootDir: join(clone, 'src') },
      include: [],
      files: [join(clone, 'src/client/public.ts')],
    }
    await writeFile(join(built, 'tsconfig.json'), JSON.stringify(settings))
    await run(join(clone, 'node_modules/.bin/tsc'), ['-p', built])
  })

  it('imports nothing but itself', async () => {
    const seen = new Set<string>()
    const look = async (path: string): Promise<void> => {
      if (seen.has(path)) return
      seen.add(path)
      const text = await readFile(path, 'utf8')
      const named = text.matchAll(/\b(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)
      for (const [, specifier = ''] of named) {
        assert.match(specifier, /^\.\.?\//, `${relative(built, path)} imports ${specifier}`)
        await look(join(dirname(path), specifier))
      }
    }
    await look(join(built, 'client/public.js'))
    assert.ok(seen.size >= 30, `${seen.size} modules`)
    for (const path of seen) assert.match(relative(built, path), /^client\/(?!files\/)/)
  })

  it('asks, watches, lists, and streams files of our own server', async (t) => {
    const world: PortalWorld = await startPortalWorld(t)
    const { server, ada } = world
    const page = await world.openPage(t)
    await page.route(`${server.url}/sdk/**`, async (route) => {
      const { pathname } = new URL(route.request().url())
      if (!pathname.endsWith('.js')) {
        await route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>SDK</title>' })
        return
      }
      const body = await readFile(join(built, pathname.slice('/sdk/'.length)), 'utf8')
      await route.fulfill({ contentType: 'text/javascript', body })
    })
    await page.exposeFunction('halfWay', world.release)
    await page.goto('/sdk/')
    const given = JSON.stringify({ url: server.url, token: ada.token })
    const told = (await page.evaluate(`(${program})(${given})`)) as Told
    assert.ok(told.looks.some(([standing, progress]) => standing === 'waiting' && progress === 0.5))
    assert.equal(told.looks.at(-1)?.[0], 'done')
    const sha256 = createHash('sha256').update('at last').digest('hex')
    assert.deepEqual(told.listed, [{ name: 'slow.txt', size: 7, sha256 }])
    assert.deepEqual(told.texts, ['at last', world.greeting.toString()])
    assert.equal(told.link, 'greeting.txt')
    assert.equal(told.refused, 'unauthenticated')
  })
})
