import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { pino } from 'pino'
import { issueClient, issueKeyPair, issueToken, setPassword } from '../../src/auth/issue.ts'
import { type Environment, readSettings } from '../../src/config.ts'
import type { Core } from '../../src/core/core.ts'
import type { ClaimcheckConfig } from '../../src/define-config.ts'
import { readConfig } from '../../src/load-config.ts'
import { type RunningServer, startServer } from '../../src/server.ts'
import type { PrepareFile } from '../../src/workers/prepare-file.ts'
import { seedAccount } from './accounts.ts'
import { newKey } from './keys.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { databaseUrlOf } from './test-database.ts'

export interface TestServerOptions {
  config?: ClaimcheckConfig
  /** How ordered files are brought within reach. */
  prepareFile?: PrepareFile
  /** Settings beside the test's own: `{ CLAIMCHECK_SIGNED_URL_SECONDS: '1' }`. */
  environment?: Environment
  /** Where the data lies; a folder that goes with the test when left out. */
  folder?: string
}

export interface TestServer extends RunningServer {
  readonly core: Core
  readonly folder: string
  /** Log lines so far, parsed. */
  readonly log: Record<string, unknown>[]
}

/** Starts the real server on a free port with a folder as its store and the engine that the tests run on; it is closed with the test. */
export async function startTestServer(
  t: Pick<TestContext, 'after'>,
  options: TestServerOptions = {},
): Promise<TestServer> {
  const folder = options.folder ?? (await temporaryFolder(t))
  const environment: Environment = {
    CLAIMCHECK_DATA: join(folder, 'data'),
    CLAIMCHECK_DATABASE_URL: await databaseUrlOf(folder),
    CLAIMCHECK_DATABASE_CONNECTIONS: '5',
    CLAIMCHECK_PORT: '0',
    CLAIMCHECK_SIGNING_KEYS: newKey('test'),
    CLAIMCHECK_MASTER_KEYS: newKey('test'),
    CLAIMCHECK_SHUTDOWN_SECONDS: '1',
    CLAIMCHECK_JOB_RETRY_SECONDS: '0',
    ...options.environment,
  }
  const { prepareFile } = options
  const config: ClaimcheckConfig = {
    ...options.config,
    ...(prepareFile === undefined ? {} : { prepareOrderFile: prepareFile }),
  }
  const loaded = await readConfig(config, {
    file: 'the test',
    folder,
    environment: { PATH: process.env.PATH, ...environment },
  })
  const log: Record<string, unknown>[] = []
  const server = await startServer({
    settings: readSettings(environment),
    config: loaded,
    log: pino({ level: 'info' }, { write: (line: string) => void log.push(JSON.parse(line)) }),
  })
  t.after(() => server.close())
  return { ...server, core: server.installation.core, folder, log }
}

/** An account with one credential of each kind. */
export interface TestAccount {
  id: string
  username: string
  password: string
  accessKey: string
  secretKey: string
  token: string
  clientId: string
  clientSecret: string
  /** Headers that sign in by its token. */
  headers: { authorization: string }
}

/** Makes an account and its credentials; the organization of that code is made when it is not there. */
export async function createTestAccount(
  core: Core,
  username: string,
  { organization = 'acme', permissions = [] as string[], scopes = ['rostering'] } = {},
): Promise<TestAccount> {
  const { id: accountId } = await seedAccount(core, username, { organization, permissions })
  const issuing = { actor: 'system' as const, accountId }
  const password = `password of ${username}`
  await setPassword(core, issuing, password)
  const { accessKey, secretKey } = await issueKeyPair(core, issuing)
  const { token } = await issueToken(core, issuing)
  const { clientId, clientSecret } = await issueClient(core, issuing, { scopes })
  const headers = { authorization: `Bearer ${token}` }
  return {
    ...{ id: accountId, username, password, accessKey, secretKey, token },
    ...{ clientId, clientSecret, headers },
  }
}
