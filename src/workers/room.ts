/**
 * The accounts that may take no further place on this node: those that hold as many as are free, or
 * more. So one account comes to half of the places, rounded up, the next to half of what is left, and
 * whoever holds none takes any that is free: eight places are filled by four accounts at the least.
 * @param holders the account of each place that is taken
 */
export function accountsWithoutRoom(holders: readonly string[], free: number): string[] {
  const held = new Map<string, number>()
  for (const account of holders) held.set(account, (held.get(account) ?? 0) + 1)
  return [...held].filter(([, places]) => places >= free).map(([account]) => account)
}
