import { issueToken } from '../src/auth/issue.ts'
import { signUrl } from '../src/auth/signed-url.ts'
import { readSettings } from '../src/config.ts'
import { createAccount } from '../src/core/accounts/accounts.ts'
import { createOrganization } from '../src/core/accounts/organizations.ts'
import { insertDelivery } from '../src/core/deliveries.ts'
import { insertDeliveryFile } from '../src/core/delivery-files.ts'
import { requestDownload } from '../src/core/downloads.ts'
import { grantFile } from '../src/core/grants/grants.ts'
import type { Principal } from '../src/core/principal.ts'
import { insertStoredFile, storeBytes } from '../src/core/stored-files.ts'
import { transact } from '../src/core/transact.ts'
import { type Installation, openInstallation } from '../src/open-installation.ts'
import type { Load } from './load.ts'
import { type ManyFiles, seedManyFiles } from './many-files.ts'

/** What a server to be measured holds. */
export interface World {
  /** May ask for each of the types in `bench.config.ts`. */
  readonly token: string
  /** Of a download that stays waiting. */
  readonly downloadId: string
  /** By the file's size: the path and query of its signed URL, and where the bytes lie. */
  readonly files: ReadonlyMap<number, { readonly target: string; readonly objectKey: string }>
  /** The order of many files, when one was asked for. */
  readonly many: ManyFiles | null
}

/** Fills an installation that no server runs on yet. */
export async function seedWorld(
  environment: Record<string, string>,
  sizes: readonly number[],
  manyFiles = 0,
): Promise<World> {
  const installation = await openInstallation(readSettings(environment))
  try {
    const { principal, token } = await seedAccount(installation)
    const download = await requestDownload(installation.core, principal, { type: 'nothing' })
    const files = new Map<number, { target: string; objectKey: string }>()
    for (const size of sizes) files.set(size, await seedFile(installation, principal, size))
    const many =
      manyFiles === 0 ? null : await seedManyFiles(installation.core, principal, manyFiles)
    return { token, downloadId: download.id, files, many }
  } finally {
    await installation.close()
  }
}

/** Puts in so many more downloads that wait, for the account of a world. */
export async function seedJobs(environment: Record<string, string>, jobs: number): Promise<void> {
  const { core, close } = await openInstallation(readSettings(environment))
  try {
    const { id, organization_id } = await core.database.kysely
      .selectFrom('accounts')
      .select(['id', 'organization_id'])
      .where('username', '=', 'bench')
      .executeTakeFirstOrThrow()
    const principal = principalOf({ id, organizationId: organization_id }, ['download:nothing'])
    let left = jobs
    const ask = async () => {
      while (left > 0) {
        left -= 1
        await requestDownload(core, principal, { type: 'nothing' })
      }
    }
    await Promise.all(Array.from({ length: 8 }, ask))
  } finally {
    await close()
  }
}

async function seedAccount({
  core,
}: Installation): Promise<{ principal: Principal; token: string }> {
  const { id: organizationId } = await createOrganization(core, 'system', { code: 'BENCH' })
  const permissions = ['order', ...[...core.downloadTypes.keys()].map((name) => `download:${name}`)]
  const account = await createAccount(core, 'system', {
    organizationId,
    username: 'bench',
    permissions,
  })
  const { token } = await issueToken(core, { actor: 'system', accountId: account.id })
  const principal = principalOf({ id: account.id, organizationId }, permissions)
  return { principal, token }
}

function principalOf(
  account: { id: string; organizationId: string },
  permissions: readonly string[],
): Principal {
  return {
    accountId: account.id,
    organizationId: account.organizationId,
    username: 'bench',
    permissions: new Set(permissions),
    scopes: null,
    credentialId: null,
  }
}

/** A file of a finished download, and a signed URL to it. */
async function seedFile(
  { core, signingKeys }: Installation,
  principal: Principal,
  size: number,
): Promise<{ target: string; objectKey: string }> {
  const mediaType = 'application/octet-stream'
  const bytes = await storeBytes(core, 'bench', someBytes(size))
  const file = await transact(core, async (change) => {
    const { number: deliveryNumber } = await insertDelivery(change, {
      kind: 'download',
      organizationId: principal.organizationId,
      ownerId: principal.accountId,
      actorId: principal.accountId,
      type: 'nothing',
      state: 'done',
    })
    const { id: storedFileId } = await insertStoredFile(change, bytes, mediaType)
    const name = `report ${size}.csv`
    const state = 'available'
    return await insertDeliveryFile(change, {
      ...{ deliveryNumber, name, mediaType, state, storedFileId, size },
    })
  })
  const grant = await grantFile(core, principal, { fileNumber: file.number, lifetimeSeconds: 3600 })
  const target = signUrl(signingKeys, {
    grantId: grant.id,
    fileName: grant.file_name,
    method: grant.method,
    expiresAt: grant.expires_at,
  })
  return { target, objectKey: bytes.objectKey }
}

async function* someBytes(size: number): AsyncGenerator<Uint8Array> {
  const block = Buffer.alloc(Math.min(size, 1024 * 1024), 'claimcheck ')
  for (let done = 0; done < size; done += block.length) yield block
}

type LoadShape = Pick<Load, 'connections' | 'milliseconds'>

/** Polls of the download that stays waiting. */
export function pollLoad(url: string, { token, downloadId }: World, shape: LoadShape): Load {
  const headers = { Authorization: `Bearer ${token}` }
  return { ...shape, headers, url: `${url}/api/downloads/${downloadId}` }
}

/** Creates of downloads; `type` is one of `bench.config.mjs`. */
export function createLoad(url: string, { token }: World, shape: LoadShape): Load {
  const headers = { Authorization: `Bearer ${token}` }
  const body = '{"download":{"download_type":"nothing"}}'
  return { ...shape, headers, body, url: `${url}/api/downloads` }
}
