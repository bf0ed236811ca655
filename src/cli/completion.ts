import { type Command, type CommandList, defineCommand, UsageError } from './command.ts'
import { completionScripts } from './completion-scripts.ts'
import { completionPlaces } from './completion-tree.ts'
import { print } from './print.ts'

const shells = Object.keys(completionScripts) as (keyof typeof completionScripts)[]

/** @param list the commands to complete */
export function completionOf(list: CommandList): Command {
  return defineCommand({
    description:
      'Prints a script that lets a shell complete commands, options, and values that are fixed.',
    arguments: [
      {
        name: 'shell',
        required: true,
        description: `One of ${shells.join(', ')}.`,
        choices: shells,
      },
    ],
    options: { json: { type: 'boolean', description: 'Print the script as one JSON document.' } },
    examples: [
      {
        command:
          'claimcheck completion bash > ~/.local/share/bash-completion/completions/claimcheck',
        description: 'For bash, from the next session on.',
      },
      {
        command: 'claimcheck completion zsh > ~/.zsh/completions/_claimcheck',
        description: 'For zsh, where that folder is one of fpath.',
      },
      {
        command: 'claimcheck completion fish > ~/.config/fish/completions/claimcheck.fish',
        description: 'For fish.',
      },
    ],
    async run({ values, positionals: [said = ''] }) {
      const shell = shells.find((name) => name === said)
      if (shell === undefined)
        throw new UsageError(`There is no script for "${said}": ${shells.join(', ')}.`)
      const script = completionScripts[shell](await completionPlaces(list)).trimEnd()
      print(values.json, { shell, script }, script)
    },
  })
}
