import { counted } from '../counted.ts'
import { defineCommand } from './command.ts'
import { formatDamaged, refuseDamaged } from './damaged.ts'
import { formatBytes } from './format-bytes.ts'
import { localOptions, localSettings, refuseUninitialised } from './local.ts'
import { print } from './print.ts'
import { withProgress } from './progress.ts'

export const backup = defineCommand({
  description:
    'Backs up the embedded installation into a new folder, while the server runs: the database as it is at one moment, and every file that it speaks of, each read back and compared with its digest. It never overwrites a backup; one that was interrupted goes on with the same command. The keys (CLAIMCHECK_SIGNING_KEYS, CLAIMCHECK_MASTER_KEYS, in claimcheck.env) are not in it: keep them elsewhere, because without them its encrypted files and its links are worth nothing.',
  arguments: [
    { name: 'folder', required: true, description: 'A folder that is empty or not there yet.' },
  ],
  options: localOptions,
  examples: [
    {
      command: 'claimcheck backup /backups/2026-11-22',
      description: 'Copy everything but the keys.',
    },
  ],
  async run({ values, positionals: [folder = ''] }) {
    const settings = localSettings(values)
    refuseUninitialised(settings)
    const [{ openInstallation }, { backUp }] = await Promise.all([
      import('../open-installation.ts'),
      import('../upkeep/back-up.ts'),
    ])
    // What may be asked for has no say in this: a config file that is broken holds up no backup.
    const installation = await openInstallation({ ...settings, config: null })
    try {
      const made = await withProgress((progress) => backUp(installation, folder, progress))
      const lines = [
        `${folder} holds the database (${formatBytes(made.database.bytes)}) and ${counted(made.files, 'file')} (${formatBytes(made.bytes)}), each compared with its digest.`,
        'The keys are not in it: keep CLAIMCHECK_SIGNING_KEYS and CLAIMCHECK_MASTER_KEYS elsewhere.',
        ...formatDamaged(made.damaged),
      ]
      print(values.json, { folder, ...made }, lines.join('\n'))
      refuseDamaged(made.damaged)
    } finally {
      await installation.close()
    }
  },
})
