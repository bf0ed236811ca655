import type { CommandList } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/commands.ts'
import { formatHelp } from '../../src/cli/help.ts'
import { reportSettings } from '../../src/config.ts'

const generated = 'This page is made by `npm run docs`; a test compares it with the program.'

/** `docs/settings.md` */
export function settingsReference(): string {
  const rows = reportSettings({}).map(
    ({ name, default: byDefault, expects, secret, description }) => {
      const shown = byDefault === null ? '' : `\`${byDefault}\``
      const note = secret ? ' **Secret.**' : ''
      return `| \`${name}\` | ${shown} | ${expects.replaceAll('<', '\\<')} | ${description}${note} |`
    },
  )
  return `# Settings

Claimcheck reads its settings from the environment, over a file of \`NAME=value\` lines:
\`claimcheck.env\` in the working folder, or the one that \`--settings PATH\` names. The options of a
command (\`--port\`, \`--host\`, \`--data\`, \`--config\`) stand above both. An empty value counts as not
set. A name that begins with \`CLAIMCHECK_\` and is not in this table is refused when the server
starts, and so is a value that cannot be read, each with one sentence that says what is expected.
\`claimcheck settings\` shows what is in force, secrets hidden.

\`claimcheck init\` writes \`claimcheck.env\` with fresh keys, for its owner's eyes only. All nodes of one
installation share the same keys. How to change them: [operating.md](operating.md#keys).

| name | default | expected | what it does |
| --- | --- | --- | --- |
${rows.join('\n')}

\`<DATA>\` stands for the value of \`CLAIMCHECK_DATA\`. Relative paths start at the working folder.
\`CLAIMCHECK_TOKEN\`, \`CLAIMCHECK_USER\`, \`CLAIMCHECK_PASSWORD\`, \`CLAIMCHECK_CLIENT_ID\`,
\`CLAIMCHECK_CLIENT_SECRET\`, \`CLAIMCHECK_URL\` and \`CLAIMCHECK_PROFILE\` belong to the commands that
talk to a server as a customer; the server ignores them.

${generated}
`
}

/** `docs/command-line.md` */
export async function commandReference(): Promise<string> {
  return `# The command line

From a clone, \`npm run -s claimcheck -- ARGUMENTS\` stands for \`claimcheck ARGUMENTS\`. Results go to
the standard output, as text or with \`--json\` as one JSON document. A refusal is the last line on
the standard error: a sentence, or with \`--json\` \`{"error":{"code":"…","message":"…"}}\`, some with
\`details\`. The exit code is 0 when it is done, 1 when it was refused or failed, 2 when
the command line was not understood; the commands that talk to a server as a customer have more, in
[client.md](client.md).

${(await sections(['claimcheck'], commands)).join('\n')}
${generated}
`
}

async function sections(path: readonly string[], list: CommandList): Promise<string[]> {
  const own = section(path, formatHelp(path, list))
  const inner = await Promise.all(
    list.commands.map(async ({ name, load }) => {
      const thing = await load()
      const longer = [...path, name]
      if ('commands' in thing) return await sections(longer, thing)
      return [section(longer, formatHelp(longer, thing))]
    }),
  )
  return [own, ...inner.flat()]
}

function section(path: readonly string[], help: string): string {
  return `## ${path.join(' ')}\n\n\`\`\`text\n${help}\n\`\`\`\n`
}
