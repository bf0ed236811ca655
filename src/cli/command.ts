import { parseArgs } from 'node:util'
import { suggest } from '../suggest.ts'

/** `--name VALUE`, or `--name` alone for a boolean. */
export interface Option {
  readonly type: 'string' | 'boolean'
  /** What stands for the value in the help: `CODE`. */
  readonly value?: string
  /** May be given more than once. */
  readonly multiple?: boolean
  /** Values that shells offer; others may be right, too. */
  readonly choices?: readonly string[]
  readonly description: string
}

export type Options = Readonly<Record<string, Option>>

export interface Argument {
  readonly name: string
  readonly description: string
  readonly required?: boolean
  /** As of an option. */
  readonly choices?: readonly string[]
}

export interface Example {
  readonly command: string
  readonly description: string
}

/** What a command is run with. */
export interface Input<O extends Options = Options> {
  readonly values: Values<O>
  readonly positionals: readonly string[]
}

export type Values<O extends Options> = {
  readonly [K in keyof O]?: O[K] extends { multiple: true }
    ? readonly string[]
    : O[K] extends { type: 'boolean' }
      ? boolean
      : string
}

/** One command: parsing, help and the documentation derive from this description. */
export interface Command<O extends Options = Options> {
  /** What it does, in sentences, beyond the summary in the list that it stands in. */
  readonly description: string
  readonly arguments: readonly Argument[]
  readonly options: O
  readonly examples: readonly Example[]
  /** @throws UsageError or an Error whose message is a sentence for the person at the terminal */
  run(input: Input<O>): Promise<void>
}

/** A list of commands, like `account`, which has `create`, `list`, … */
export interface CommandList {
  readonly description: string
  readonly commands: readonly Entry[]
}

/** A command's place in a list. It is loaded when it is called or explained. */
export interface Entry {
  readonly name: string
  readonly summary: string
  load(): Promise<Command | CommandList>
}

/** The command line cannot be understood: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Lets the compiler derive the types of `input.values` from the options. */
export function defineCommand<const O extends Options>(command: Command<O>): Command {
  return command
}

export interface ParsedInput extends Input {
  /** The help was asked for: nothing else is to be done. */
  readonly help: boolean
}

/**
 * Reads the words after a command's name.
 * @throws UsageError
 */
export function parseInput(command: Command, words: readonly string[]): ParsedInput {
  const known: Record<string, { type: 'string' | 'boolean'; multiple?: boolean; short?: string }> =
    { help: { type: 'boolean', short: 'h' } }
  for (const [name, { type, multiple = false }] of Object.entries(command.options)) {
    known[name] = { type, multiple }
  }
  const { values, positionals, tokens } = parseArgs({
    args: [...words],
    options: known,
    // Its own refusals are paragraphs; ours are below.
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  for (const token of tokens) if (token.kind === 'option') checkOption(token, command.options)
  if (values.help !== true) checkPositionals(command, positionals)
  const { help = false, ...given } = values
  return { values: given as Values<Options>, positionals, help: help === true }
}

interface OptionToken {
  readonly name: string
  readonly rawName: string
  readonly value: string | undefined
  readonly inlineValue: boolean | undefined
}

function checkOption(token: OptionToken, options: Options): void {
  const { name, rawName, value, inlineValue } = token
  if (name === 'help') return
  const option = Object.hasOwn(options, name) ? options[name] : undefined
  if (option === undefined) {
    const meant = suggest(name, [...Object.keys(options), 'help'])
    throw new UsageError(
      `There is no option ${rawName}${meant === null ? '.' : `: did you mean --${meant}?`}`,
    )
  }
  if (option.type === 'boolean') {
    if (value !== undefined) throw new UsageError(`The option ${rawName} takes no value.`)
    return
  }
  // `--name --json` is a forgotten value, not one that begins with a dash; `--name=--json` is.
  const forgotten = value === undefined || (!inlineValue && /^-./.test(value))
  if (forgotten || value === '') throw new UsageError(`The option ${rawName} needs a value.`)
}

function checkPositionals(command: Command, positionals: readonly string[]): void {
  const missing = command.arguments.find(
    ({ required }, index) => required && positionals[index] === undefined,
  )
  if (missing !== undefined) throw new UsageError(`<${missing.name}> is missing.`)
  const surplus = positionals[command.arguments.length]
  if (surplus !== undefined) throw new UsageError(`"${surplus}" is one argument too many.`)
}
