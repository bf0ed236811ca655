import { defineCommand } from './command.ts'
import {
  localConfig,
  localOptions,
  localSettings,
  portOption,
  refuseUninitialised,
} from './local.ts'
import { runUntilStopped } from './run-until-stopped.ts'

export const serve = defineCommand({
  description:
    'Runs the server until it is told to stop (SIGTERM, or Ctrl-C). It then lets requests finish and hands running jobs back; a second signal ends it at once. Logs are JSON lines on the standard output.',
  arguments: [],
  options: {
    host: {
      type: 'string',
      value: 'ADDRESS',
      description: 'The address to listen on; stands above CLAIMCHECK_HOST.',
    },
    ...portOption,
    config: {
      type: 'string',
      value: 'PATH',
      description: 'The file with the download types; stands above CLAIMCHECK_CONFIG.',
    },
    ...localOptions,
    json: {
      type: 'boolean',
      description: 'Print one JSON line with the URL when ready; logs go to the standard error.',
    },
  },
  examples: [
    { command: 'claimcheck serve', description: 'Serve what "claimcheck init" made here.' },
    {
      command: 'claimcheck serve --host 0.0.0.0 --port 80',
      description: 'Serve the whole network.',
    },
  ],
  async run({ values }) {
    const settings = localSettings(values)
    refuseUninitialised(settings)
    const [{ createLog }, { startServer }] = await Promise.all([
      import('../log.ts'),
      import('../server.ts'),
    ])
    const config = await localConfig(settings, values)
    const log = createLog({ level: settings.logLevel, descriptor: values.json ? 2 : 1 })
    await runUntilStopped(async () => {
      const server = await startServer({ settings, log, config })
      if (values.json) process.stdout.write(`${JSON.stringify({ url: server.url })}\n`)
      else log.info({ url: server.url }, `Claimcheck is listening on ${server.url}.`)
      return server
    })
  },
})
