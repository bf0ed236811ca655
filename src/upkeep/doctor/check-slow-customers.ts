import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Settings } from '../../config.ts'
import { type Finding, findingsOf } from './finding.ts'
import { isLoopback } from './is-loopback.ts'

const KIB = 1024
/** For 500 of them half a gigabyte: a third of what a machine with 24 GB gives all its connections. */
const MOST = 1024 * KIB

/**
 * Does the kernel bound what it takes for a customer who reads slowly? Node cannot set that for its
 * connections, so it is for the operator. Nothing is found where the system is not Linux.
 * @param kernel the folder of the kernel's settings
 */
export async function checkSlowCustomers(
  settings: Settings,
  kernel = '/proc/sys/net/ipv4',
): Promise<Finding[]> {
  const ahead = join(kernel, 'tcp_notsent_lowat')
  const buffer = join(kernel, 'tcp_wmem')
  if (!existsSync(ahead) || !existsSync(buffer)) return []
  return [compare(settings, await lastNumber(ahead), await lastNumber(buffer))]
}

function compare({ publicUrl, host }: Settings, ahead: number, buffer: number): Finding {
  const { ok, warn } = findingsOf('slow-customers')
  const most = Math.min(ahead, buffer)
  const seen = `The kernel takes up to ${Math.ceil(most / KIB)} KiB ahead for each customer who reads slowly.`
  const isForOthers = !isLoopback(publicUrl === null ? host : new URL(publicUrl).hostname)
  if (most <= MOST || !isForOthers) return ok(seen)
  return warn(
    seen,
    'Set net.ipv4.tcp_notsent_lowat = 131072, else some hundreds of them make all slow (docs/operating.md).',
  )
}

/** Of a buffer the kernel gives the least, the usual and the most. */
async function lastNumber(path: string): Promise<number> {
  return Number((await readFile(path, 'utf8')).trim().split(/\s+/).at(-1))
}
