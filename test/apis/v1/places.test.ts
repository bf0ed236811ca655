import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { newKey } from '../../support/keys.ts'
import { suiteCleanup } from '../../support/suite-cleanup.ts'
import { createTestAccount, startTestServer, type TestAccount } from '../../support/test-server.ts'
import { by, type Page, startWorld, type World } from '../../support/v1-world.ts'

const environment = {
  CLAIMCHECK_SIGNING_KEYS: newKey('shared'),
  CLAIMCHECK_ACCOUNT_LINKS: '3',
  CLAIMCHECK_ACCOUNT_MANIFESTS: '3',
  CLAIMCHECK_ACCOUNT_UPLOADS: '3',
}

/** What may be had three of, and how one asks for one more. */
interface Door {
  path: string
  headers?: Record<string, string>
  body?: object
}

describe('what an account may have at once', () => {
  const cleanup = suiteCleanup()
  let world: World
  let nodes: string[]
  let paula: TestAccount
  let delivery: string
  let file: number

  before(async () => {
    world = await startWorld(cleanup, environment)
    const other = await startTestServer(cleanup, { folder: world.server.folder, environment })
    nodes = [world.server.url, other.url]
    paula = await createTestAccount(world.server.core, 'paula', { permissions: ['publish'] })
    delivery = (await world.helloOf(world.ada)).id
    const path = `/v1/deliveries/${delivery}/files`
    file =
      (await world.json<Page<{ number: number }>>('GET', path, by(world.ada))).items[0]?.number ?? 0
  })

  it('has three links, three manifests and three uploads, and no fourth, on whichever nodes', async () => {
    const metadata = `filename ${base64('a')},study ${base64('acme/S/D')}`
    const tus = { 'tus-resumable': '1.0.0', 'upload-length': '5', 'upload-metadata': metadata }
    const doors: [TestAccount, Door[]][] = [
      [
        world.ada,
        [
          { path: `/v1/files/${file}/links`, body: {} },
          { path: '/v1/links', body: { files: [file] } },
          { path: `/v1/deliveries/${delivery}/archive/links`, body: {} },
        ],
      ],
      [world.ada, [{ path: '/v1/manifests', body: { files: [file] } }]],
      [
        paula,
        [
          { path: '/v1/uploads', headers: tus },
          { path: '/v1/studies/acme/S/D/upload-links', body: { name: 'b' } },
        ],
      ],
    ]
    for (const [account, ways] of doors) {
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, index) => ask(account, ways[index % ways.length], index)),
      )
      const statuses = answers.map(({ status }) => status)
      assert.equal(statuses.filter((status) => status === 201).length, 3, statuses.join())
      for (const answer of answers.filter(({ status }) => status !== 201)) {
        assert.equal(answer.status, 403)
        const { code, detail } = (await answer.json()) as { code: string; detail: string }
        assert.equal(code, 'limit_reached')
        assert.match(detail, /revoke|finish or end/)
      }
    }
    // What redirects, and what others do, goes on.
    const content = await fetch(`${nodes[0]}/v1/files/${file}/content`, world.ada)
    assert.equal(await content.text(), 'Hello\n')
  })

  function ask(account: TestAccount, door: Door | undefined, index: number): Promise<Response> {
    const type = door?.body === undefined ? {} : { 'content-type': 'application/json' }
    return fetch(`${nodes[index % nodes.length]}${door?.path}`, {
      method: 'POST',
      headers: { ...account.headers, ...type, ...door?.headers },
      ...(door?.body === undefined ? {} : { body: JSON.stringify(door.body) }),
    })
  }
})

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
