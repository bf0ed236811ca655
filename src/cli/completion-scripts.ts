import type { CompletionPlace } from './completion-tree.ts'

type Places = readonly CompletionPlace[]

/** A script for each shell. They know all words by themselves: to ask the program at each key is slow. */
export const completionScripts = { bash, zsh, fish } as const satisfies Record<
  string,
  (places: Places) => string
>

/** For any bash from 3.2 on, which is that of macOS; file names are readline's own. */
function bash(places: Places): string {
  const cases = places.map(({ at, commands, options, choices }) => {
    const values = options.flatMap(({ name, choices }) =>
      choices.length === 0 ? [] : [`--${name}) values=${quoted(choices.join(' '))} ;;`],
    )
    const chosen = values.length === 0 ? '' : ` case "$before" in ${values.join(' ')} esac;`
    const words = [...commands.map(({ name }) => name), ...choices].join(' ')
    const names = options.map(({ name }) => `--${name}`).join(' ')
    return `    ${quoted(at)}) words=${quoted(words)}; options=${quoted(names)};${chosen} ;;`
  })
  return `_claimcheck() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  local at='' one='' words='' options='' values=''
  # "--api=v1" is three words here.
  if [ "$word" = '=' ]; then word=''
  elif [ "$before" = '=' ]; then before="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  for one in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at/$one" in
      ${pathsOf(places).join('|')}) at="$at/$one" ;;
    esac
  done
  case "$at" in
${cases.join('\n')}
  esac
  if [ -n "$values" ]; then words="$values"
  elif [ "\${word#-}" != "$word" ]; then words="$options"; fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _claimcheck claimcheck
`
}

function zsh(places: Places): string {
  const cases = places.map(({ at, commands, options, choices }) => {
    const lines = [
      ...commands.map(({ name, summary }) => `commands+=(${quoted(`${name}:${summary}`)})`),
      ...options.map(({ name, description }) => `options+=(${quoted(`--${name}:${description}`)})`),
      ...(choices.length === 0 ? [] : [`choices=(${choices.map(quoted).join(' ')})`]),
      ...options.flatMap(({ name, choices }) =>
        choices.length === 0
          ? []
          : [`[[ $before == --${name} ]] && values=(${choices.map(quoted).join(' ')})`],
      ),
    ]
    return `    (${quoted(at)})\n${lines.map((line) => `      ${line}\n`).join('')}      ;;`
  })
  return `#compdef claimcheck
_claimcheck() {
  local at='' one='' word=\${words[CURRENT]} before=\${words[CURRENT-1]}
  local -a commands options choices values
  if [[ $word == --*=* ]]; then before=\${word%%=*}; compset -P '*='; fi
  for one in \${words[2,CURRENT-1]}; do
    case "$at/$one" in
      (${pathsOf(places).join('|')}) at="$at/$one" ;;
    esac
  done
  case "$at" in
${cases.join('\n')}
  esac
  if (( $#values )); then compadd -a values
  elif [[ $word == -* ]]; then _describe -o option options
  elif (( $#commands )); then _describe command commands
  elif (( $#choices )); then compadd -a choices
  else _files; fi
}
if [[ $funcstack[1] == _claimcheck ]]; then _claimcheck "$@"; else compdef _claimcheck claimcheck; fi
`
}

function fish(places: Places): string {
  const lines = places.flatMap(({ at, commands, options, choices }) => {
    const here = `complete -c claimcheck -n ${quoted(`__claimcheck_at "${at}"`)}`
    return [
      ...commands.map(({ name, summary }) => `${here} -f -a ${name} -d ${quoted(summary)}`),
      ...(choices.length === 0 ? [] : [`${here} -f -a ${quoted(choices.join(' '))}`]),
      ...options.map(({ name, description, takesValue, choices }) => {
        const fixed = choices.length === 0 ? '-r' : `-x -a ${quoted(choices.join(' '))}`
        return `${here} -l ${name}${takesValue ? ` ${fixed}` : ''} -d ${quoted(description)}`
      }),
    ]
  })
  return `function __claimcheck_at
  set -l at
  set -l words (commandline -opc)
  set -e words[1]
  for word in $words
    contains -- "$at/$word" ${pathsOf(places).join(' ')}; and set at "$at/$word"
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}
`
}

function pathsOf(places: Places): string[] {
  return places.flatMap(({ at }) => (at === '' ? [] : [at]))
}

/** In single quotes, which bash and zsh read as they stand, and fish with backslashes for itself. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
