import { type Command, type CommandList, defineCommand, UsageError } from './command.ts'
import { getOptions } from './get-options.ts'

const shells = ['bash', 'zsh', 'fish'] as const

/** @param list the commands to complete */
export function completionOf(list: CommandList): Command {
  return defineCommand({
    description: 'Prints a script that lets a shell complete the commands and options.',
    arguments: [{ name: 'shell', required: true, description: `One of ${shells.join(', ')}.` }],
    options: {},
    examples: [
      {
        command:
          'claimcheck completion bash > ~/.local/share/bash-completion/completions/claimcheck',
        description: 'For bash, from the next session on.',
      },
      {
        command: 'claimcheck completion fish > ~/.config/fish/completions/claimcheck.fish',
        description: 'For fish.',
      },
    ],
    async run({ positionals: [shell = ''] }) {
      const script = scripts[shells.find((name) => name === shell) ?? 'none']
      if (script === null)
        throw new UsageError(`There is no script for "${shell}": ${shells.join(', ')}.`)
      process.stdout.write(script(list))
    },
  })
}

const scripts = { bash, zsh, fish, none: null } as const

function namesOf(list: CommandList): string {
  return list.commands.map(({ name }) => name).join(' ')
}

function bash(list: CommandList): string {
  return `_claimcheck() {
  local word="\${COMP_WORDS[COMP_CWORD]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${namesOf(list)} --help --version" -- "$word"))
  elif [ "\${word#-}" != "$word" ]; then
    local options
    options="$(claimcheck "\${COMP_WORDS[@]:1:COMP_CWORD-1}" --help 2>/dev/null | grep -oE '^  --[a-z-]+')"
    COMPREPLY=($(compgen -W "$options" -- "$word"))
  fi
}
complete -o default -F _claimcheck claimcheck
`
}

function zsh({ commands }: CommandList): string {
  const described = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`)
  return `#compdef claimcheck
_claimcheck() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
  elif [[ $PREFIX == -* ]]; then
    compadd -- $(claimcheck "\${words[@]:1:$((CURRENT - 2))}" --help 2>/dev/null | grep -oE '^  --[a-z-]+')
  else
    _files
  fi
}
compdef _claimcheck claimcheck
`
}

function fish({ commands }: CommandList): string {
  const lines = commands.map(
    ({ name, summary }) =>
      `complete -c claimcheck -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
  )
  const options = Object.entries(getOptions).map(([name, option]) => {
    const takes = option.type === 'string' ? ' -r' : ''
    const description = quoted(option.description)
    return `complete -c claimcheck -n '__fish_seen_subcommand_from get' -l ${name}${takes} -d ${description}`
  })
  return `${[...lines, ...options].join('\n')}\n`
}

/** In single quotes, as all three shells read them. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
