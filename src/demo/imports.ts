import { createReadStream } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { findAccountByUsername, findPrincipal } from '../core/accounts/accounts.ts'
import type { Core } from '../core/core.ts'
import { listDeliveries } from '../core/deliveries.ts'
import { submitImport } from '../core/imports/imports.ts'
import { waitUntilOver } from '../core/wait.ts'

export interface DemoImports {
  import: {
    /** Of an import that is over. */
    referenceId: string
    /** A file to upload. */
    file: string
  }
}

/** Where the sample files lie, beside `src/` and `dist/` alike. */
const samples = new URL('../../examples/rostering/', import.meta.url)

/** Imports a small roster, once. */
export async function seedImports(core: Core): Promise<DemoImports> {
  const file = fileURLToPath(new URL('users.csv', samples))
  const account = await findAccountByUsername(core, 'demo')
  const principal = account === null ? null : await findPrincipal(core, account.id)
  if (principal === null) throw new Error('The demo has no account "demo".')
  const [known] = await listDeliveries(core, principal, {
    kind: 'import',
    state: 'done',
    limit: 1,
  })
  const delivery =
    known ??
    (await submitImport(core, principal, { fileName: 'users.csv', source: createReadStream(file) }))
  const { id } = await waitUntilOver(core, delivery, { forMs: 30_000 })
  return { import: { referenceId: id, file } }
}
