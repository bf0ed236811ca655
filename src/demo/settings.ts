import { createHash } from 'node:crypto'
import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { loadEnvironment, readSettings, type Settings } from '../config.ts'

export interface DemoOptions {
  readonly data: string
  readonly host?: string | undefined
  readonly port?: string | undefined
}

/**
 * The settings of a demo: those of the environment, as for the server, with the demo's own where
 * nothing is said.
 * @throws Error with a sentence when it would listen on more than this machine
 */
export function demoSettings(options: DemoOptions): Settings {
  const said = loadEnvironment()
  const settings = readSettings({
    ...defaults,
    ...said,
    CLAIMCHECK_DATA: options.data,
    ...(options.host === undefined ? {} : { CLAIMCHECK_HOST: options.host }),
    ...(options.port === undefined ? {} : { CLAIMCHECK_PORT: options.port }),
  })
  refusePublic(settings.host)
  return settings
}

/** Known to everybody, like the demo's credentials; outside of the data folder, like real ones. */
const defaults = {
  CLAIMCHECK_SIGNING_KEYS: demoKey('signing'),
  CLAIMCHECK_MASTER_KEYS: demoKey('master'),
  CLAIMCHECK_LOG_LEVEL: 'warn',
  // So that an order of fifteen small files has three sub-orders.
  CLAIMCHECK_ORDER_BATCH_FILES: '5',
}

function demoKey(use: string): string {
  return `demo:${createHash('sha256').update(`claimcheck demo ${use}`).digest('base64url')}`
}

function refusePublic(host: string): void {
  if (host === 'localhost' || isLoopback(host)) return
  throw new Error(
    `The demo listens on this machine only, because everybody knows its credentials; "${host}" is open to others. Use 127.0.0.1, or "claimcheck init" and "claimcheck serve" for a real server.`,
  )
}

function isLoopback(host: string): boolean {
  const loopback = new BlockList()
  loopback.addSubnet('127.0.0.0', 8, 'ipv4')
  loopback.addAddress('::1', 'ipv6')
  if (isIPv4(host)) return loopback.check(host, 'ipv4')
  return isIPv6(host) && loopback.check(host, 'ipv6')
}
