import { useEffect, useState } from 'preact/hooks'
import { get, type Page } from '../api.ts'
import type { Account } from '../wire.ts'

/** The accounts of the organization, up to a thousand, and what each is called, once that is known. */
export function useAccounts(): {
  accounts: readonly Account[]
  nameOf(id: string): string | undefined
} {
  const [accounts, setAccounts] = useState<readonly Account[]>([])
  useEffect(() => {
    get<Page<Account>>('/accounts?limit=1000').then(
      ({ items }) => setAccounts(items),
      // The page shows what it knows without them.
      () => {},
    )
  }, [])
  const names = new Map(accounts.map(({ id, username }) => [id, username]))
  return { accounts, nameOf: (id) => names.get(id) }
}
