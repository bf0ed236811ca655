import type { Core } from '../core/core.ts'
import type { DamagedFile } from '../core/kept-files/copy-files.ts'
import { findMissing } from '../core/kept-files/find-missing.ts'
import { orphanKeys, type SweepReport, sweep as sweepCore } from '../core/sweep.ts'
import { counted } from '../counted.ts'
import { defineCommand } from './command.ts'
import { formatDamaged, formatSome } from './damaged.ts'
import { formatTable } from './format-table.ts'
import { localOptions, withInstallation } from './local.ts'
import { print } from './print.ts'
import { withProgress } from './progress.ts'

export const sweep = defineCommand({
  description:
    'Expires deliveries whose time is over, removes bytes that nothing refers to, and, looking through the whole store, what a crash left behind. The server does the same by itself; running both is safe. With --dry-run it also looks the other way: for files whose object is not in the store, or has another size than it should. Those no sweep can mend: bring the objects back from a backup, or publish the files anew.',
  arguments: [],
  options: {
    'dry-run': {
      type: 'boolean',
      description: 'Change nothing: count what would go, and name what does not fit together.',
    },
    ...localOptions,
  },
  examples: [
    { command: 'claimcheck sweep --dry-run', description: 'What would go, and what is missing?' },
    { command: 'claimcheck sweep', description: 'Take it away now.' },
  ],
  async run({ values }) {
    await withInstallation(values, async ({ core }) => {
      if (values['dry-run'] === true) return await tell(core, values.json)
      const report = await sweepCore(core, { orphans: true })
      print(values.json, { dry_run: false, ...report }, tableOf(report))
    })
  },
})

/** A store may have lost a whole disk: so many are named, all are counted. */
const NAMED = 10_000
async function tell(core: Core, json: boolean | undefined): Promise<void> {
  const { orphans, missing } = await withProgress(async ({ signal, report }) => {
    report('looking for objects without a row', null)
    const orphans = await gather(orphanKeys(core, signal))
    report('looking for rows without their object', null)
    return { orphans, missing: await gather(findMissing(core, signal)) }
  })
  const counted = await sweepCore(core, { orphans: false, dryRun: true })
  const report = { ...counted, orphans: orphans.count }
  const facts = {
    missing: missing.count,
    orphan_keys: orphans.named,
    missing_objects: missing.named,
  }
  print(json, { dry_run: true, ...report, ...facts }, explain(report, orphans, missing))
}

interface Gathered<T> {
  count: number
  named: T[]
}

async function gather<T>(things: AsyncIterable<T>): Promise<Gathered<T>> {
  const gathered: Gathered<T> = { count: 0, named: [] }
  for await (const thing of things) {
    gathered.count += 1
    if (gathered.named.length < NAMED) gathered.named.push(thing)
  }
  return gathered
}

function explain(
  report: SweepReport,
  orphans: Gathered<string>,
  missing: Gathered<DamagedFile>,
): string {
  return [
    tableOf(report),
    ...(orphans.count === 0 ? [] : ['Objects without a row, which the sweep would take away:']),
    ...formatSome(orphans.named, orphans.count),
    missing.count === 0
      ? 'Every row has its object.'
      : `${counted(missing.count, 'file')} without an object, or with one of another size:`,
    ...formatDamaged(missing.named, missing.count),
  ].join('\n')
}

function tableOf(report: SweepReport): string {
  return formatTable(
    Object.entries(titles).map(([name, title]) => [
      title,
      String(report[name as keyof SweepReport]),
    ]),
  )
}

const titles = {
  expired: 'deliveries expired',
  lapsed: 'port orders lapsed',
  unreferenced: 'files that nothing referred to',
  orphans: 'objects without a row',
  abandoned: 'half-written objects',
  rewrapped: 'keys of encrypted files wrapped anew',
} as const satisfies Record<keyof SweepReport, string>
