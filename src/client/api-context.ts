import type { Transport } from './transport.ts'

/** What each API's part of the client is given. */
export interface ApiContext {
  readonly transport: Transport
  /** The pause between two looks where the server does not say, in ms. */
  readonly pollMs: number
}
