import type { Command, CommandList, Option } from './command.ts'
import { formatTable } from './format-table.ts'

/** The help of a command, or of a list of commands, as `--help` prints it. */
export function formatHelp(path: readonly string[], thing: Command | CommandList): string {
  return 'commands' in thing ? listHelp(path, thing) : commandHelp(path, thing)
}

function listHelp(path: readonly string[], list: CommandList): string {
  return sections([
    wrap(list.description),
    `Usage: ${path.join(' ')} <command> [options]`,
    titled(
      'Commands:',
      list.commands.map(({ name, summary }) => [name, summary]),
    ),
    `Run "${path.join(' ')} <command> --help" for what a command takes, with examples.`,
  ])
}

function commandHelp(path: readonly string[], command: Command): string {
  const options = { ...command.options, help }
  const usage = command.arguments.map(({ name, required }) =>
    required === true ? `<${name}>` : `[<${name}>]`,
  )
  return sections([
    wrap(command.description),
    `Usage: ${[...path, ...usage, '[options]'].join(' ')}`,
    titled(
      'Arguments:',
      command.arguments.map(({ name, description }) => [`<${name}>`, description]),
    ),
    titled(
      'Options:',
      Object.entries(options).map(([name, option]) => [
        option.value === undefined ? `--${name}` : `--${name} ${option.value}`,
        option.multiple === true ? `${option.description} Repeatable.` : option.description,
      ]),
    ),
    examples(command),
  ])
}

const help: Option = { type: 'boolean', description: 'Show this help.' }

function examples(command: Command): string {
  if (command.examples.length === 0) return ''
  const lines = command.examples.map((one) => `  # ${one.description}\n  ${one.command}`)
  return `Examples:\n${lines.join('\n')}`
}

function titled(title: string, rows: string[][]): string {
  if (rows.length === 0) return ''
  return `${title}\n${formatTable(rows).replaceAll(/^/gm, '  ')}`
}

/** At most 100 characters a line. */
function wrap(text: string): string {
  return text.replaceAll(/(.{1,100})(?:\s+|$)/g, '$1\n').trimEnd()
}

function sections(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n')
}
