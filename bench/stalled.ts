import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pressureMegabytes } from './kernel-memory.ts'
import { ownNetwork } from './own-network.ts'
import type { StalledOptions } from './stalled-process.ts'
import type { Row } from './table.ts'

const run = promisify(execFile)

/**
 * What readers cost that ask for much and then take nothing, and what others notice of them; beside it, what as many
 * cost a bare server. In a network of its own where the system allows it.
 */
export async function benchStalled({ quick }: { quick: boolean }): Promise<Row[]> {
  const network = ownNetwork()
  if (network.length === 0) {
    console.error('No network of its own (unshare, ip): on loopback the kernel holds far more.')
  }
  const options: StalledOptions = {
    quick,
    isApart: network.length > 0,
    pressure: pressureMegabytes(),
  }
  const script = join(import.meta.dirname, 'stalled-process.ts')
  const words = [...network, process.execPath, script, JSON.stringify(options)]
  const [program = '', ...others] = words
  const { stdout } = await run(program, others)
  return JSON.parse(stdout)
}
