import assert from 'node:assert/strict'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { main } from '../support/main.ts'
import { createOrdersClient } from '../support/orders-client.ts'
import { runMain } from '../support/run-main.ts'
import { startServe } from '../support/running-server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

describe('claimcheck product', () => {
  it('publishes a folder that can then be ordered, and takes it back', async (t) => {
    const cwd = await temporaryFolder(t)
    const made = JSON.parse((await runMain(['init', '--json'], { cwd })).out)
    const { url } = await startServe(t, { cwd, command: [process.execPath, main] })
    const folder = join(cwd, 'scene-1')
    await mkdir(folder)
    for (const name of ['data.csv', 'look.png', '.hidden', 'x.part']) {
      await writeFile(join(folder, name), name)
    }
    const words = ['product', 'publish', folder, '--organization', 'main', '--dataset', 'scenes']
    words.push('--property', 'platform=S2A', '--property', 'band=1', '--property', 'band=2')
    const { code, out, err } = await runMain([...words, '--quicklook', 'look.png', '--json'], {
      cwd,
    })
    assert.equal(code, 0, err)
    const { urn, ...rest } = JSON.parse(out)
    assert.deepEqual(rest, { productId: 'scene-1', files: 2 })

    const client = createOrdersClient(url)
    const admin = { headers: { authorization: `Bearer ${made.token}` } }
    const place = (query: string, dataTypes: string[]) =>
      client.call<{ orderId: number }>(admin, '/rs-order/user/orders/apply', {
        body: { queries: [query], filters: { dataTypes } },
      })
    const { orderId } = (await place('platform:s2a AND band:2', ['RAWDATA'])).body
    const listing = async () =>
      await client.call<{ content: { filename: string; uri: string }[] }>(
        admin,
        `/rs-order/orders/${orderId}/files/available`,
      )
    await until('it is ready', async () => (await listing()).status === 200)
    const [file, ...more] = (await listing()).body.content
    assert.deepEqual([file?.filename, more.length], ['data.csv', 0])
    assert.equal((await client.call(admin, file?.uri ?? '')).body, 'data.csv')
    assert.equal((await place('scene-1', ['QUICKLOOK'])).status, 201)

    const twice = await runMain(words, { cwd })
    assert.equal(twice.code, 1)
    assert.match(twice.err, /There is a product "scene-1" already/)
    assert.equal((await runMain(['product', 'withdraw', urn], { cwd })).code, 0)
    assert.equal((await place('scene-1', [])).status, 400)
  })

  it('names what is missing, malformed, or no file that can be published', async (t) => {
    const cwd = await temporaryFolder(t)
    await runMain(['init'], { cwd })
    const folder = join(cwd, 'p')
    await mkdir(folder)
    const run = async (...more: string[]) =>
      (await runMain(['product', 'publish', folder, '--organization', 'main', ...more], { cwd }))
        .err
    assert.match(await run(), /--dataset is missing/)
    assert.match(await run('--dataset', 'd'), /at least one file/)
    assert.match(await run('--dataset', 'd', '--property', 'x'), /NAME=VALUE, not "x"/)
    assert.match(await run('--dataset', 'd', '--quicklook', 'x'), /no file "x"/)
    await symlink('/etc/hostname', join(folder, 'link'))
    assert.match(await run('--dataset', 'd'), /"link" is no regular file/)
  })
})
