import { readdirSync, readlinkSync } from 'node:fs'

/** How many descriptors of this process lead into a folder; `null` where the system does not tell. */
export function countOpenFiles(folder: string): number | null {
  if (process.platform !== 'linux') return null
  let count = 0
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder)) count++
    } catch {
      // The descriptor of the listing itself.
    }
  }
  return count
}
