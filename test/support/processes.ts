import { readFile } from 'node:fs/promises'

/** Is there such a process, and does it still run? One that waits to be reaped does not. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  return status === null ? process.platform !== 'linux' : !/\) [ZX] /.test(status)
}

/** The processes that one has started and that have not ended (Linux only). */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return text.trim().split(' ').filter(Boolean).map(Number)
}
