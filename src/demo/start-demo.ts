import { join } from 'node:path'
import { loadEnvironment, type Settings } from '../config.ts'
import { systemClock } from '../core/clock.ts'
import { readConfig } from '../load-config.ts'
import type { Logger } from '../log.ts'
import { makeFolder } from '../make-folder.ts'
import { type RunningServer, startServer } from '../server.ts'
import { demoAccounts, seedAccounts } from './accounts.ts'
import { demoConfig } from './config.ts'
import { type DemoImports, seedImports } from './imports.ts'
import { createColdTier, type DemoOrders, seedOrders } from './orders.ts'
import { type DemoPortOrders, seedPortOrders } from './port-orders.ts'
import { buildSourceData } from './source-data.ts'
import { type DemoStudies, seedStudies } from './studies.ts'

/** What programs that drive the demo are told, in one line of JSON. */
export interface DemoReport {
  url: string
  accounts: typeof demoAccounts
  examples: { downloadType: string } & DemoOrders & DemoImports & DemoPortOrders & DemoStudies
}

export interface RunningDemo {
  readonly report: DemoReport
  close(): Promise<void>
}

/** Starts a server with the demo's data, accounts and download types. */
export async function startDemo(settings: Settings, log: Logger): Promise<RunningDemo> {
  makeFolder(settings.data)
  const source = join(settings.data, 'demo-source.sqlite')
  buildSourceData(source)
  const config = { ...demoConfig(source), prepareOrderFile: createColdTier(systemClock) }
  const loaded = await readConfig(config, {
    file: 'the demo',
    folder: settings.data,
    environment: loadEnvironment(),
  })
  const server = await startServer({
    settings,
    log,
    config: loaded,
  })
  try {
    const seeded = await seed(server, source)
    return {
      report: {
        url: server.url,
        accounts: demoAccounts,
        examples: { downloadType: 'communes', ...seeded },
      },
      close: () => server.close(),
    }
  } catch (error) {
    await server.close()
    throw error
  }
}

async function seed(
  { installation: { core } }: RunningServer,
  source: string,
): Promise<DemoOrders & DemoImports & DemoPortOrders & DemoStudies> {
  await seedAccounts(core)
  return {
    ...(await seedOrders(core, source)),
    ...(await seedImports(core)),
    ...(await seedPortOrders(core)),
    ...(await seedStudies(core, source)),
  }
}
