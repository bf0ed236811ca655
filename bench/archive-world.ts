import { join } from 'node:path'
import { signUrl } from '../src/auth/signed-url.ts'
import { readSettings } from '../src/config.ts'
import { createAccount } from '../src/core/accounts/accounts.ts'
import { createOrganization } from '../src/core/accounts/organizations.ts'
import { openArchive } from '../src/core/archives/open-archive.ts'
import { insertDelivery } from '../src/core/deliveries.ts'
import { insertDeliveryFiles } from '../src/core/delivery-files.ts'
import { grantArchive, grantFile } from '../src/core/grants/grants.ts'
import type { Principal } from '../src/core/principal.ts'
import { insertStoredFile, type StoredBytes, storeBytes } from '../src/core/stored-files.ts'
import { transact } from '../src/core/transact.ts'
import type { GrantRow } from '../src/database/tables.ts'
import { type Installation, openInstallation } from '../src/open-installation.ts'
import type { DiskFile } from './archive-peers.ts'

/** Some files, an archive of them, and one plain file as long as the archive. */
export interface ArchiveWorld {
  readonly archiveId: string
  /** Path and query of the signed URLs. */
  readonly archive: string
  readonly plain: string
  readonly archiveSize: number
  readonly files: readonly DiskFile[]
}

const AT_ONCE = 32

/** Puts `count` files of `size` bytes into an installation that no server runs on. */
export async function seedArchive(
  environment: Record<string, string> & { CLAIMCHECK_DATA: string },
  { count, size }: { count: number; size: number },
): Promise<ArchiveWorld> {
  const installation = await openInstallation(readSettings(environment))
  try {
    const { core } = installation
    const principal = await seedPrincipal(installation, `${count}`)
    const stored: StoredBytes[] = []
    for (let done = 0; done < count; done += AT_ONCE) {
      const some = Array.from({ length: Math.min(AT_ONCE, count - done) })
      stored.push(...(await Promise.all(some.map(() => storeBytes(core, 'bench', bytesOf(size))))))
    }
    const { id } = await deliver(installation, principal, stored)
    const archive = await openArchive(core, principal, { of: { delivery: id }, format: 'zip' })
    const { size: archiveSize } = archive.content
    const whole = await storeBytes(core, 'bench', bytesOf(archiveSize))
    const { numbers } = await deliver(installation, principal, [whole])
    const fileNumber = numbers[0] ?? 0
    const lifetimeSeconds = 3600
    const plain = await grantFile(core, principal, { fileNumber, lifetimeSeconds })
    const grant = await grantArchive(core, principal, { archive: archive.row, lifetimeSeconds })
    const objects = join(environment.CLAIMCHECK_DATA, 'objects', 'objects')
    return {
      archiveId: archive.id,
      archive: targetOf(installation, grant),
      plain: targetOf(installation, plain),
      archiveSize,
      files: stored.map(({ objectKey }, index) => ({
        name: `file-${index}.bin`,
        path: join(objects, objectKey),
      })),
    }
  } finally {
    await installation.close()
  }
}

async function seedPrincipal({ core }: Installation, code: string): Promise<Principal> {
  const { id: organizationId } = await createOrganization(core, 'system', { code: `B${code}` })
  const permissions = ['download:nothing']
  const username = `bench-${code}`
  const wish = { organizationId, username, permissions }
  const { id: accountId } = await createAccount(core, 'system', wish)
  return {
    accountId,
    organizationId,
    username,
    permissions: new Set(permissions),
    scopes: null,
    credentialId: null,
  }
}

async function deliver(
  { core }: Installation,
  principal: Principal,
  stored: readonly StoredBytes[],
): Promise<{ id: string; numbers: number[] }> {
  const delivery = await transact(core, (change) =>
    insertDelivery(change, {
      kind: 'download',
      organizationId: principal.organizationId,
      ownerId: principal.accountId,
      actorId: null,
      type: 'nothing',
      state: 'done',
    }),
  )
  const numbers: number[] = []
  const mediaType = 'application/octet-stream'
  for (let start = 0; start < stored.length; start += 500) {
    const page = stored.slice(start, start + 500)
    const inserted = await transact(core, async (change) => {
      const files = []
      for (const [index, bytes] of page.entries()) {
        const { id: storedFileId, size } = await insertStoredFile(change, bytes, mediaType)
        const name = `file-${start + index}.bin`
        const facts = { name, mediaType, storedFileId, size, state: 'available' as const }
        files.push({ deliveryNumber: delivery.number, ...facts })
      }
      return await insertDeliveryFiles(change, files)
    })
    numbers.push(...inserted)
  }
  return { id: delivery.id, numbers }
}

function targetOf({ signingKeys }: Installation, grant: GrantRow): string {
  return signUrl(signingKeys, {
    grantId: grant.id,
    fileName: grant.file_name,
    method: grant.method,
    expiresAt: grant.expires_at,
  })
}

async function* bytesOf(size: number): AsyncGenerator<Uint8Array> {
  const block = Buffer.alloc(Math.min(size, 1024 * 1024), 'claimcheck ')
  for (let done = 0; done < size; done += block.length) {
    yield block.subarray(0, Math.min(block.length, size - done))
  }
}
