import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { FileEntry, NamedFileEntry } from '../../src/apis/studies/wire.ts'
import type { Environment } from '../../src/config.ts'
import type { Core } from '../../src/core/core.ts'
import { type PublishReport, publishDelivery } from '../../src/core/studies/publish-delivery.ts'
import { createTestAccount, startTestServer, type TestAccount } from './test-server.ts'

export type Listed = FileEntry & Partial<NamedFileEntry>

/** `ORG/STUDY/DELIVERY` and what is published there, by name. */
export async function publish(
  core: Core,
  path: string,
  files: Readonly<Record<string, string>>,
): Promise<PublishReport> {
  return await publishDelivery(core, 'system', {
    ...toPath(path),
    files: Object.entries(files).map(([name, text]) => ({ name, bytes: bytesOf(text) })),
  })
}

/** A published file by its name: its number and the SHA-256 of its bytes; null when it is not there. */
export async function findPublished(
  core: Core,
  name: string,
): Promise<{ number: number; sha256: string | null } | null> {
  const row = await core.database.kysely
    .selectFrom('study_files')
    .innerJoin('delivery_files', 'delivery_files.number', 'study_files.file_number')
    .innerJoin('stored_files', 'stored_files.id', 'delivery_files.stored_file_id')
    .select(['delivery_files.number', 'stored_files.sha256'])
    .where('study_files.name', '=', name)
    .executeTakeFirst()
  return row ?? null
}

export function toPath(path: string) {
  const [organization = '', study = '', delivery = ''] = path.split('/')
  return { organization, study, delivery }
}

export async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

export function basic(username: string, password: string) {
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}

/** A server with one who sees everything of HAUC, and the answers of the API. */
export async function startStudies(t: Pick<TestContext, 'after'>, environment: Environment = {}) {
  const server = await startTestServer(t, { environment })
  const { core } = server
  const ada = await createTestAccount(core, 'ada', {
    organization: 'HAUC',
    permissions: ['study:HAUC'],
  })
  const ask = (path: string, account: TestAccount = ada, init: RequestInit = {}) =>
    fetch(path.startsWith('http') ? path : `${server.url}/api_file/v1${path}`, {
      ...init,
      headers: { ...basic(account.username, account.password), ...init.headers },
    })
  return {
    server,
    core,
    ada,
    ask,
    async list(path: string, account: TestAccount = ada): Promise<Listed[]> {
      const answer = await ask(path, account)
      assert.equal(answer.status, 200, path)
      return (await answer.json()) as Listed[]
    },
  }
}
