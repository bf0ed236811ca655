import { setTimeout as pause } from 'node:timers/promises'
import type { Cluster } from './cluster.ts'
import type { Member } from './member.ts'
import type { Fault } from './plan.ts'

/** Lets something go wrong for its time, and puts it right again as an operator would. */
export async function strike(cluster: Cluster, { kind, which, forMs }: Fault): Promise<void> {
  const { database, store } = cluster
  const node = cluster.nodes[which] as Member
  const worker = cluster.workers[which] as Member
  const during = async (begin: () => unknown, end: () => unknown) => {
    await begin()
    await pause(forMs)
    await end()
  }
  switch (kind) {
    case 'kill a node':
      return await during(node.kill, node.start)
    case 'kill a worker':
      return await during(worker.kill, worker.start)
    case 'pause a node':
      return await during(...signals(node, 'SIGSTOP', 'SIGCONT'))
    case 'pause a worker':
      return await during(...signals(worker, 'SIGSTOP', 'SIGCONT'))
    case 'shift the clock of a node':
      return await during(...signals(node, 'SIGUSR2', 'SIGUSR2'))
    case 'fill the disk of a node':
      return await during(
        () => node.fillDisk(true),
        () => node.fillDisk(false),
      )
    case 'restart PostgreSQL':
      return await during(database.stop, database.start)
    case 'crash PostgreSQL':
      return await during(database.crash, database.start)
    case 'cut the store off':
      return await during(store.line.cut, store.line.mend)
    case 'freeze the store':
      return await during(store.line.freeze, store.line.mend)
  }
}

function signals(member: Member, begin: NodeJS.Signals, end: NodeJS.Signals) {
  return [() => member.signal(begin), () => member.signal(end)] as const
}

/** `kill node 1 for 2.0 s` */
export function describeFault({ kind, which, forMs }: Fault): string {
  return `${kind.replace(/\ba (node|worker)/, `$1 ${which}`)} for ${(forMs / 1000).toFixed(1)} s`
}
