import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { createMasterKeys, type NamedMasterKey } from '../../src/core/encryption/master-keys.ts'
import { claimJobs, enqueueJob } from '../../src/core/jobs/jobs.ts'
import { putWorkFile, takeWorkFiles } from '../../src/core/outside-work/work-files.ts'
import {
  contentOf,
  insertStoredFile,
  rewrapKeys,
  storeBytes,
  storeEncrypted,
} from '../../src/core/stored-files.ts'
import { sweep } from '../../src/core/sweep.ts'
import { transact } from '../../src/core/transact.ts'
import type { JobRow } from '../../src/database/tables.ts'
import { describeContentAnswers } from '../contracts/content-answers.ts'
import { seedAccount } from '../support/accounts.ts'
import { refusal } from '../support/refusal.ts'
import { openTestCore, type TestCore } from '../support/test-core.ts'

/** One for all answers: what is asked changes nothing. */
const sample = storeSample()

describeContentAnswers('an encrypted file', () => sample)

async function storeSample() {
  const core = await openTestCore({ after: (close) => after(close as () => Promise<void>) })
  const bytes = randomBytes(300_000)
  const content = contentOf(core, await stored(core, bytes))
  return { content, bytes }
}

describe('an encrypted stored file', () => {
  it('has the digests of its plain bytes', async (t) => {
    const core = await openTestCore(t)
    const bytes = randomBytes(100_000)
    const row = await stored(core, bytes)
    assert.equal(row.size, 100_000)
    assert.equal(row.sha256, createHash('sha256').update(bytes).digest('hex'))
    assert.equal(row.master_key_id, 'test')
    const stat = await core.store.stat(row.object_key)
    assert.equal(stat?.size, 100_000 + 2 * 16)
  })

  it('is one of all files when the setting says so', async (t) => {
    const open = await openTestCore(t)
    const core = { ...open, settings: { ...open.settings, encrypt: 'all' as const } }
    const bytes = await storeBytes(core, 'some', once(Buffer.from('plain')))
    assert.match(bytes.encryption ?? '', /aes-256-gcm/)
    assert.equal((await storeBytes(open, 'some', once(Buffer.from('x')))).encryption, null)
  })

  it('is read after its key was wrapped anew, and needs the old master key no more', async (t) => {
    const open = await openTestCore(t)
    const [old, fresh] = [namedKey('old'), namedKey('fresh')]
    const before = { ...open, masterKeys: createMasterKeys([old]) }
    const bytes = randomBytes(1000)
    const { id } = await stored(before, bytes)
    const during = { ...open, masterKeys: createMasterKeys([fresh, old]) }
    assert.equal((await sweep(during, { orphans: false })).rewrapped, 1)
    assert.equal(await transact(during, (change) => rewrapKeys(during, change, 10)), 0)
    const row = await open.database.kysely
      .selectFrom('stored_files')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    assert.equal(row.master_key_id, 'fresh')
    const after = { ...open, masterKeys: createMasterKeys([fresh]) }
    assert.deepEqual(await readAll(contentOf(after, row)), bytes)
    await refusal('unavailable', readAll(contentOf(before, row)))
  })

  it('has its key wrapped anew also as a file of work that is not done yet', async (t) => {
    const open = await openTestCore(t)
    const [old, fresh] = [namedKey('old'), namedKey('fresh')]
    const before = { ...open, masterKeys: createMasterKeys([old]) }
    const bytes = await storeEncrypted(before, 'jobs/1-1', once(Buffer.from('half a report')))
    const account = await seedAccount(open, 'ada')
    const job = await transact(before, async (change) => {
      await enqueueJob(change, {
        kind: 'download',
        queue: 'worker:acme:report',
        organizationId: account.organization_id,
        accountId: account.id,
        maxAttempts: 3,
      })
      const claim = { queue: 'worker:acme:report', worker: 'ada:1', limit: 1 }
      const [claimed] = await claimJobs(change, before, claim)
      return claimed as JobRow
    })
    const made = { name: 'report.txt', mediaType: 'text/plain', bytes }
    await transact(before, (change) => putWorkFile(change, job, made))
    const during = { ...open, masterKeys: createMasterKeys([fresh, old]) }
    assert.equal((await sweep(during, { orphans: false })).rewrapped, 1)
    assert.equal((await sweep(during, { orphans: false })).rewrapped, 0)
    const after = { ...open, masterKeys: createMasterKeys([fresh]) }
    const shown = await transact(after, async (change) => {
      const [file] = await takeWorkFiles(change, job)
      assert.ok(file !== undefined)
      return await insertStoredFile(change, file.bytes, file.mediaType)
    })
    assert.equal(String(await readAll(contentOf(after, shown))), 'half a report')
  })

  it('leaves nothing behind when its bytes stop coming', async (t) => {
    const core = await openTestCore(t)
    async function* broken() {
      yield randomBytes(200_000)
      throw new Error('the line went dead')
    }
    await assert.rejects(storeEncrypted(core, 'some', broken()), /dead/)
    for await (const object of core.store.list('')) assert.fail(object.key)
  })
})

async function stored(core: Pick<TestCore, keyof TestCore>, bytes: Buffer) {
  const put = await storeEncrypted(core, 'some', once(bytes))
  return await transact(core, (change) => insertStoredFile(change, put, 'text/plain'))
}

async function* once(bytes: Buffer) {
  yield bytes
}

function namedKey(id: string): NamedMasterKey {
  return { id, secret: randomBytes(32) }
}

async function readAll(content: ReturnType<typeof contentOf>): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of content.read({ start: 0, end: content.size })) {
    parts.push(Buffer.from(part))
  }
  return Buffer.concat(parts)
}
