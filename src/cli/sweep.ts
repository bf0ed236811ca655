import { type SweepReport, sweep as sweepCore } from '../core/sweep.ts'
import { defineCommand } from './command.ts'
import { formatTable } from './format-table.ts'
import { localOptions, withInstallation } from './local.ts'
import { print } from './print.ts'

export const sweep = defineCommand({
  description:
    'Expires deliveries whose time is over, removes bytes that nothing refers to, and, looking through the whole store, what a crash left behind. The server does the same by itself; running both is safe.',
  arguments: [],
  options: {
    'dry-run': { type: 'boolean', description: 'Change nothing, only count what would go.' },
    ...localOptions,
  },
  examples: [
    { command: 'claimcheck sweep --dry-run', description: 'What would go?' },
    { command: 'claimcheck sweep', description: 'Take it away now.' },
  ],
  async run({ values }) {
    await withInstallation(values, async ({ core }) => {
      const dryRun = values['dry-run'] === true
      const report = await sweepCore(core, { orphans: true, dryRun })
      const text = formatTable(
        Object.entries(titles).map(([name, title]) => [
          title,
          String(report[name as keyof SweepReport]),
        ]),
      )
      print(values.json, { dry_run: dryRun, ...report }, text)
    })
  },
})

const titles = {
  expired: 'deliveries expired',
  lapsed: 'port orders lapsed',
  unreferenced: 'files that nothing referred to',
  orphans: 'objects without a row',
  abandoned: 'half-written objects',
  rewrapped: 'keys of encrypted files wrapped anew',
} as const satisfies Record<keyof SweepReport, string>
