import { sweep as sweepCore } from '../core/sweep.ts'
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
      const text = formatTable([
        ['deliveries expired', String(report.expired)],
        ['files that nothing referred to', String(report.unreferenced)],
        ['objects without a row', String(report.orphans)],
        ['half-written objects', String(report.abandoned)],
        ['port orders that waited too long', String(report.lapsed)],
        ['keys wrapped anew', String(report.rewrapped)],
      ])
      print(values.json, { dry_run: dryRun, ...report }, text)
    })
  },
})
