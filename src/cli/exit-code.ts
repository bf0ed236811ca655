import type { ClientErrorCode } from '../client/client-error.ts'

/** What the commands that talk to a server end with; 0 is done, 2 a command line not understood. */
export const exitCodes = {
  bad_input: 2,
  unreachable: 9,
  untrusted: 9,
  too_busy: 9,
  unauthenticated: 8,
  forbidden: 8,
  not_found: 10,
  refused: 1,
  server_failed: 9,
  bad_answer: 9,
  too_many_redirects: 9,
  not_a_file: 9,
  link_expired: 4,
  changed: 7,
  damaged: 7,
  unverifiable: 7,
  unsafe_target: 1,
  folder_in_use: 1,
  delivery_failed: 3,
  delivery_expired: 4,
  delivery_canceled: 5,
  delivery_incomplete: 6,
  aborted: 130,
} as const satisfies Record<ClientErrorCode, number>

/** The exit code of an error: of its code when it is one of the client's, else 1. */
export function exitCodeOf(error: unknown): number {
  const { name, code } = error as { name?: unknown; code?: unknown }
  if (name === 'UsageError') return 2
  if (name !== 'ClientError' || typeof code !== 'string') return 1
  return Object.hasOwn(exitCodes, code) ? exitCodes[code as ClientErrorCode] : 1
}
