import type { Argument, Command, CommandList, Entry, Option } from './command.ts'

/** A place on the command line, as shells complete what may follow. */
export interface CompletionPlace {
  /** The words that lead here: `/account/permit`, and nothing for the program itself. */
  readonly at: string
  /** Of a list; a command has none. */
  readonly commands: readonly { readonly name: string; readonly summary: string }[]
  readonly options: readonly CompletedOption[]
  /** What the first argument may be, where that is fixed. */
  readonly choices: readonly string[]
}

export interface CompletedOption {
  readonly name: string
  readonly description: string
  readonly takesValue: boolean
  readonly choices: readonly string[]
}

/** Every place of a list of commands; the list itself comes first. */
export async function completionPlaces(list: CommandList, at = ''): Promise<CompletionPlace[]> {
  const commands = list.commands.map(({ name, summary }) => ({ name, summary }))
  const places: CompletionPlace[] = [{ at, commands, options: [help], choices: [] }]
  for (const entry of list.commands) {
    const thing = await loadAsFarAsItRuns(entry)
    const inner = `${at}/${entry.name}`
    if ('commands' in thing) places.push(...(await completionPlaces(thing, inner)))
    else places.push({ at: inner, commands: [], ...completedBy(thing.options, thing.arguments) })
  }
  return places
}

/** The commands of the server ask for a newer Node than those of a customer: on an older one they are names alone. */
async function loadAsFarAsItRuns({ load }: Entry): Promise<CommandThing> {
  try {
    return await load()
  } catch (error) {
    // What a module asks for by import, and is not there, is an error of its syntax.
    if (error instanceof SyntaxError) return { options: {}, arguments: [] }
    throw error
  }
}

type CommandThing = CommandList | Pick<Command, 'options' | 'arguments'>

function completedBy(
  options: Readonly<Record<string, Option>>,
  [first]: readonly Argument[],
): Pick<CompletionPlace, 'options' | 'choices'> {
  const all = Object.entries(options).map(([name, { type, description, choices = [] }]) => ({
    ...{ name, choices },
    description: brief(description),
    takesValue: type === 'string',
  }))
  return { options: [...all, help], choices: first?.choices ?? [] }
}

/** As much as stands beside a word in a menu. */
function brief(description: string): string {
  const [sentence = ''] = description.split(/[.;:](?=\s|$)/)
  return sentence.length <= 70 ? sentence : `${sentence.slice(0, 70).replace(/[,\s]+\S*$/, '')}…`
}

const help: CompletedOption = {
  name: 'help',
  description: 'Show this help',
  takesValue: false,
  choices: [],
}
