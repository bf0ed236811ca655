import { readFileSync } from 'node:fs'

const PAGE = 4096

/**
 * From here on the kernel is under memory pressure and all connections of the machine become slow, in MB. It stands
 * in the machine's first network alone.
 */
export function pressureMegabytes(): number {
  const [, pressure] = readFileSync('/proc/sys/net/ipv4/tcp_mem', 'utf8').split('\t')
  return megabytes(Number(pressure) * PAGE)
}

/** What the kernel holds for all connections of the machine, whatever network they are in, in MB. */
export function kernelMegabytes(): number {
  const [, pages] = /^TCP: .* mem (\d+)$/m.exec(readFileSync('/proc/net/sockstat', 'utf8')) ?? []
  return megabytes(Number(pages) * PAGE)
}

/** What it holds of what a server has written and nobody has taken, in MB. */
export function untakenMegabytes(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const queues = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/[ ]+/))
    .filter(([, address]) => address?.endsWith(local))
    .map(([, , , , queue = '']) => Number.parseInt(queue, 16))
  return megabytes(queues.reduce((total, bytes) => total + bytes, 0))
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6)
}
