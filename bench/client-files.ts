import { issueToken } from '../src/auth/issue.ts'
import { signUrl } from '../src/auth/signed-url.ts'
import { readSettings } from '../src/config.ts'
import { createAccount } from '../src/core/accounts/accounts.ts'
import { createOrganization } from '../src/core/accounts/organizations.ts'
import { insertDelivery } from '../src/core/deliveries.ts'
import { insertDeliveryFile } from '../src/core/delivery-files.ts'
import { grantFile } from '../src/core/grants/grants.ts'
import { insertStoredFile, storeBytes } from '../src/core/stored-files.ts'
import { transact } from '../src/core/transact.ts'
import { openInstallation } from '../src/open-installation.ts'

/** Files of one size in one delivery, and the targets of their signed URLs. */
export interface SeededFiles {
  readonly size: number
  readonly targets: readonly string[]
}

/** Fills an installation that no server runs on yet; files of one size show the same bytes. */
export async function seedFiles(
  environment: Record<string, string>,
  wanted: readonly { readonly size: number; readonly count: number }[],
): Promise<SeededFiles[]> {
  const installation = await openInstallation(readSettings(environment))
  const { core, signingKeys } = installation
  try {
    const { id: organizationId } = await createOrganization(core, 'system', { code: 'BENCH' })
    const permissions = ['download:nothing']
    const account = await createAccount(core, 'system', {
      ...{ organizationId, username: 'bench', permissions },
    })
    await issueToken(core, { actor: 'system', accountId: account.id })
    const principal = {
      ...{
        accountId: account.id,
        organizationId,
        username: 'bench',
        scopes: null,
        credentialId: null,
      },
      permissions: new Set(permissions),
    }
    const seeded: SeededFiles[] = []
    for (const { size, count } of wanted) {
      const mediaType = 'application/octet-stream'
      const bytes = await storeBytes(core, 'bench', someBytes(size))
      const numbers = await transact(core, async (change) => {
        const { number: deliveryNumber } = await insertDelivery(change, {
          ...{ kind: 'download', organizationId, type: 'nothing', state: 'done' },
          ...{ ownerId: account.id, actorId: account.id },
        })
        const { id: storedFileId } = await insertStoredFile(change, bytes, mediaType)
        const inserted: number[] = []
        for (let index = 0; index < count; index += 1) {
          const file = { deliveryNumber, name: `${index}.bin`, mediaType, storedFileId, size }
          inserted.push((await insertDeliveryFile(change, { ...file, state: 'available' })).number)
        }
        return inserted
      })
      const targets: string[] = []
      for (const fileNumber of numbers) {
        const grant = await grantFile(core, principal, { fileNumber, lifetimeSeconds: 3600 })
        const { id: grantId, file_name: fileName, method, expires_at: expiresAt } = grant
        targets.push(signUrl(signingKeys, { grantId, fileName, method, expiresAt }))
      }
      seeded.push({ size, targets })
    }
    return seeded
  } finally {
    await installation.close()
  }
}

async function* someBytes(size: number): AsyncGenerator<Uint8Array> {
  const block = Buffer.alloc(Math.min(size, 1024 * 1024), 'claimcheck ')
  for (let done = 0; done < size; done += block.length) yield block
}
