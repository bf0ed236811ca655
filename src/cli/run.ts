import { packageVersion } from '../package-version.ts'
import { suggest } from '../suggest.ts'
import { type CommandList, type Entry, parseInput, UsageError } from './command.ts'
import { commands } from './commands.ts'
import { exitCodeOf } from './exit-code.ts'
import { formatHelp } from './help.ts'
import { explainError, formatRefusal } from './refusal.ts'

/**
 * Runs the command line.
 * @param words what stands after `claimcheck`
 * @returns the exit code: 0 done, 1 refused or failed, 2 not understood; more in exit-code.ts
 */
export async function run(words: readonly string[]): Promise<number> {
  try {
    await runIn(['claimcheck'], commands, words[0] === 'help' ? helpFor(words) : words)
    return 0
  } catch (error) {
    await refuse(error, words)
    return exitCodeOf(error)
  }
}

/** Says on the standard error why a command line ended without its result. */
export async function refuse(error: unknown, words: readonly string[]): Promise<void> {
  process.stderr.write(`${formatRefusal(await explainError(error), isForPrograms(words))}\n`)
}

/** Also of a command line that could not be understood. */
function isForPrograms(words: readonly string[]): boolean {
  const end = words.indexOf('--')
  return words.slice(0, end === -1 ? words.length : end).includes('--json')
}

async function runIn(
  path: readonly string[],
  list: CommandList,
  words: readonly string[],
): Promise<void> {
  const [word, ...rest] = words
  if (word === undefined || word === '--help' || word === '-h') return show(formatHelp(path, list))
  if (path.length === 1 && (word === '--version' || word === '-V')) return show(packageVersion())
  const entry = findEntry(path, list, word)
  const inner = [...path, entry.name]
  const thing = await entry.load()
  if ('commands' in thing) return runIn(inner, thing, rest)
  const input = within(inner, () => parseInput(thing, rest))
  if (input.help) return show(formatHelp(inner, thing))
  await thing.run(input)
}

function findEntry(path: readonly string[], list: CommandList, word: string): Entry {
  const entry = list.commands.find(({ name }) => name === word)
  if (entry !== undefined) return entry
  const names = list.commands.map(({ name }) => name)
  const meant = suggest(word, [...names, '--help', ...(path.length === 1 ? ['--version'] : [])])
  const kind = word.startsWith('-') ? 'option' : 'command'
  throw new UsageError(
    meant === null
      ? `There is no ${kind} "${word}": "${path.join(' ')} --help" lists what there is.`
      : `There is no ${kind} "${word}": did you mean "${[...path, meant].join(' ')}"?`,
  )
}

function helpFor(words: readonly string[]): string[] {
  return [...words.slice(1), '--help']
}

/** Points from a refused option or argument to the help that explains it. */
function within<T>(path: readonly string[], parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new UsageError(`${error.message} See "${path.join(' ')} --help".`)
  }
}

function show(text: string): void {
  process.stdout.write(`${text}\n`)
}
