import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineCommand } from './command.ts'
import { portOption } from './local.ts'
import { runUntilStopped } from './run-until-stopped.ts'

export const demo = defineCommand({
  description:
    'Runs a server with a demo organization on real data and prints one curl line for each thing it can do. It obeys the settings of the server, but listens on this machine only: everybody knows its credentials.',
  arguments: [],
  options: {
    ...portOption,
    host: {
      type: 'string',
      value: 'ADDRESS',
      description: 'The loopback address to listen on; stands above CLAIMCHECK_HOST.',
    },
    data: {
      type: 'string',
      value: 'FOLDER',
      description: 'Keep the data here; without it they are in a temporary folder that goes.',
    },
    json: {
      type: 'boolean',
      description: 'Print one JSON line when ready, with the URL, the accounts and the examples.',
    },
  },
  examples: [
    { command: 'npm run demo', description: 'Try it.' },
    {
      command: 'npm run -s demo -- --port 0 --data ./demo --json',
      description: 'Drive it from a program.',
    },
  ],
  async run({ values }) {
    const [{ createLog }, { demoSettings }, { startDemo }, { formatWalkthrough }] =
      await Promise.all([
        import('../log.ts'),
        import('../demo/settings.ts'),
        import('../demo/start-demo.ts'),
        import('../demo/walkthrough.ts'),
      ])
    const temporary = values.data === undefined
    const data = values.data ?? (await mkdtemp(join(tmpdir(), 'claimcheck-demo-')))
    try {
      const settings = demoSettings({ data, host: values.host, port: values.port })
      const log = createLog({ level: settings.logLevel, descriptor: 2 })
      await runUntilStopped(async () => {
        const running = await startDemo(settings, log)
        process.stdout.write(
          values.json ? `${JSON.stringify(running.report)}\n` : formatWalkthrough(running.report),
        )
        return running
      })
    } finally {
      if (temporary) await rm(data, { recursive: true, force: true })
    }
  },
})
