import { counted } from '../counted.ts'
import { defineCommand } from './command.ts'
import { formatDamaged, refuseDamaged } from './damaged.ts'
import { formatBytes } from './format-bytes.ts'
import { localOptions, localSettings, refuseUninitialised } from './local.ts'
import { print } from './print.ts'
import { withProgress } from './progress.ts'

export const restore = defineCommand({
  description:
    'Puts a backup where the settings say that the database and the files belong. Both must be empty: nothing is overwritten. Each file is read back and compared with its digest, and the database comes to its place last, so that no server can open half of it; one that was interrupted goes on with the same command. The keys must be those of the time of the backup: bring claimcheck.env back first.',
  arguments: [
    { name: 'folder', required: true, description: 'What "claimcheck backup" has made.' },
  ],
  options: localOptions,
  examples: [
    {
      command: 'claimcheck restore /backups/2026-11-22',
      description: 'Into the place that claimcheck.env names.',
    },
    {
      command: 'claimcheck restore /backups/2026-11-22 --data /srv/rehearsal',
      description: 'Beside a running installation, to see whether the backup is good.',
    },
  ],
  async run({ values, positionals: [folder = ''] }) {
    const settings = localSettings(values)
    refuseUninitialised(settings)
    const { restore: restoreBackup } = await import('../upkeep/restore.ts')
    const report = await withProgress((progress) => restoreBackup(settings, folder, progress))
    const lines = [
      `Restored: the database and ${counted(report.files, 'file')} (${formatBytes(report.bytes)}), each compared with its digest.`,
      ...formatDamaged(report.damaged),
      `Start the server with: claimcheck serve${values.data === undefined ? '' : ` --data ${values.data}`}`,
    ]
    print(values.json, report, lines.join('\n'))
    refuseDamaged(report.damaged)
  },
})
