import { findAccountByUsername } from '../core/accounts/accounts.ts'
import { findOrganizationByCode, listOrganizations } from '../core/accounts/organizations.ts'
import type { Core } from '../core/core.ts'
import { DeliveryError } from '../core/errors.ts'
import type { AccountRow, OrganizationRow } from '../database/tables.ts'

/** @throws DeliveryError `not_found` with a sentence that says how to see which accounts there are */
export async function demandAccount(core: Core, username: string): Promise<AccountRow> {
  const row = await findAccountByUsername(core, username)
  if (row !== null) return row
  throw new DeliveryError(
    'not_found',
    `There is no account "${username}": "claimcheck account list" shows those there are.`,
  )
}

/**
 * The organization of this code, or the only one there is when no code is given.
 * @throws DeliveryError `not_found`, or `invalid` when a code must be given
 */
export async function demandOrganization(
  core: Core,
  code: string | undefined,
): Promise<OrganizationRow> {
  if (code !== undefined) {
    const row = await findOrganizationByCode(core, code)
    if (row !== null) return row
    throw new DeliveryError(
      'not_found',
      `There is no organization "${code}": "claimcheck organization list" shows those there are.`,
    )
  }
  const [first, second] = await listOrganizations(core, 'system', { after: null, limit: 2 })
  if (first !== undefined && second === undefined) return first
  throw new DeliveryError(
    'invalid',
    first === undefined
      ? 'There is no organization yet: create one with "claimcheck organization create CODE".'
      : 'There are several organizations: say which with --organization CODE.',
  )
}

/** All rows of a listing that comes in pages of 1,000. */
export async function collect<T extends { id: string }>(
  page: (after: string | null) => Promise<T[]>,
): Promise<T[]> {
  const all: T[] = []
  for (;;) {
    const rows = await page(all.at(-1)?.id ?? null)
    all.push(...rows)
    if (rows.length < 1000) return all
  }
}
