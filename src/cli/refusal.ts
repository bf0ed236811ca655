import { diskCodeOf } from '../client/files/disk-code.ts'
import { explainSystemError } from './system-error.ts'

/** Why a command ended without its result. */
export interface Refusal {
  /**
   * For programs: `usage`, a code of the client's or the core's errors, the system's such as `ENOSPC`,
   * `settings`, `config_file`, `failed` for what has a sentence only, `unexpected` for a bug.
   */
  readonly code: string
  /** A sentence for people. */
  readonly message: string
  /** What to do about it, where that is known: what to set for signing in. */
  readonly hint?: string
  readonly details?: Readonly<Record<string, unknown>>
}

/** What an error is to whoever ran the command. */
export async function explainError(error: unknown): Promise<Refusal> {
  if (isSentence(error)) return { code: codeOf(error), message: error.message, ...factsOf(error) }
  const message = explainSystemError(error)
  if (message !== null) return { code: diskCodeOf(error), message }
  // Late, so that commands of a customer load nothing of the server.
  const { isDebugging } = await import('../config.ts')
  const stack = error instanceof Error && isDebugging() ? { details: { stack: error.stack } } : {}
  const what = error instanceof Error ? error.message : String(error)
  return { code: 'unexpected', message: `Unexpected: ${what}`, ...stack }
}

/** One JSON line for programs, or sentences for people, below which a bug has its stack. */
export function formatRefusal(refusal: Refusal, json: boolean): string {
  if (json) return JSON.stringify({ error: refusal })
  const { message, hint, details } = refusal
  return [message, hint, details?.stack].filter((part) => typeof part === 'string').join('\n')
}

/** Errors of ours without a code of their own, and the code that they get. */
const codes: Readonly<Record<string, string>> = {
  UsageError: 'usage',
  SettingsError: 'settings',
  ConfigFileError: 'config_file',
}

function codeOf(error: unknown): string {
  const { name, code } = error as { name: string; code?: unknown }
  return codes[name] ?? (typeof code === 'string' ? code : 'failed')
}

function factsOf(error: Error): Pick<Refusal, 'hint' | 'details'> {
  const { hint, details } = error as { hint?: unknown; details?: unknown }
  const isEmpty =
    typeof details !== 'object' || details === null || Object.keys(details).length === 0
  return {
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(isEmpty ? {} : { details: { ...details } }),
  }
}

/** Refusals of ours are plain Errors or of our own classes; bugs and system errors are neither. */
function isSentence(error: unknown): error is Error {
  if (!(error instanceof Error)) return false
  if (error.name in codes || ['DeliveryError', 'ClientError'].includes(error.name)) return true
  return error.constructor === Error && !('code' in error)
}
