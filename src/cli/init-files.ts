import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * Adds variables to the env file, which then only its owner may read, and leaves what it holds.
 * @returns the names of the files written
 */
export function addToEnvFile(
  named: string | undefined,
  variables: Readonly<Record<string, string>>,
): string[] {
  const entries = Object.entries(variables)
  if (entries.length === 0) return []
  const file = named ?? 'claimcheck.env'
  const before = readIfThere(file)
  const start = before === null ? heading : before.endsWith('\n') || before === '' ? '' : '\n'
  if (before !== null) chmodSync(file, 0o600)
  const lines = entries.map(([name, value]) => `${name}=${quoted(value)}\n`).join('')
  writeFileSync(file, start + lines, { flag: 'a', mode: 0o600, flush: true })
  return [file]
}

/** As `util.parseEnv` reads it. */
function quoted(value: string): string {
  if (/^[\w.:/,-]*$/.test(value)) return value
  const quote = ['"', "'", '`'].find((mark) => !value.includes(mark))
  // Between double quotes \n would be read as a line break.
  if (quote === undefined || /[\r\n]|\\n/.test(value)) {
    throw new Error(`"${value}" cannot be written to the settings file: choose a plainer name.`)
  }
  return quote + value + quote
}

const heading =
  '# Settings of Claimcheck; docs/settings.md lists them all. Keep the keys: without them links\n# and stored secrets are lost.\n'

function readIfThere(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null
}

/** Puts an example beside it, unless one of that name is there. */
export function writeExampleConfig(): string[] {
  const file = 'claimcheck.config.ts'
  if (existsSync(file)) return []
  const example = fileURLToPath(new URL('../../examples/claimcheck.config.ts', import.meta.url))
  copyFileSync(example, file, constants.COPYFILE_EXCL)
  return [file]
}
