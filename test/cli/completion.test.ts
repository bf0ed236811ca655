import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { commands } from '../../src/cli/commands.ts'
import { completionScripts } from '../../src/cli/completion-scripts.ts'
import { type CompletionPlace, completionPlaces } from '../../src/cli/completion-tree.ts'
import { runMain } from '../support/run-main.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

type Shell = keyof typeof completionScripts
const shells = Object.keys(completionScripts) as Shell[]
/** A line up to the cursor, and what may come there; null: names of files. */
const lines: [string, readonly string[] | null][] = [
  ['claimcheck acc', ['account']],
  ['claimcheck account ', ['create', 'list', 'permit', 'reinstate', 'show', 'suspend']],
  ['claimcheck account permit --', ['add', 'data', 'help', 'json', 'remove', 'settings']],
  ['claimcheck account permit ada --re', ['remove']],
  ['claimcheck help account cr', ['create']],
  ['claimcheck get --to x --api po', ['port-orders']],
  ['claimcheck get --api v1 --all', ['all-ready']],
  ['claimcheck completion ', ['bash', 'fish', 'zsh']],
  ['claimcheck account permit ada --add rost', ['rostering']],
  ['claimcheck put ', null],
]

/** How each shell is asked what it would offer, and what it says where it offers files. */
const asks: Record<Shell, (script: string, line: string) => string[]> = {
  bash: (script, line) => {
    const set = `COMP_WORDS=($LINE); [ "$LINE" = "\${LINE% }" ] || COMP_WORDS+=("")
      COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))`
    const ask = `_claimcheck; printf "%s\\n" "\${COMPREPLY[@]}"`
    return ['bash', '--norc', '-c', `source ${script}; LINE='${line}'; ${set}; ${ask}`]
  },
  // The functions of its completion system need a terminal: these say what they are given.
  zsh: (script, line) => {
    const given = `for one in \${(P)2}; do print -r -- \${one%%:*}; done`
    const stubs = `compdef() {}; compset() { PREFIX=; }; _files() { print files }
      _describe() { [[ $1 == -o ]] && shift; ${given} }; compadd() { [[ $1 == -a ]] && shift; set -- x $1; ${given} }`
    const set = `words=(\${(s: :)line}); [[ $line == *' ' ]] && words+=(''); CURRENT=$#words`
    return ['zsh', '-f', '-c', `${stubs}; source ${script}; line='${line}'; ${set}; _claimcheck`]
  },
  fish: (script, line) => ['fish', '-N', '-c', `source ${script}; complete -C '${line}'`],
}

describe('completion', () => {
  let places: CompletionPlace[]
  before(async () => {
    places = await completionPlaces(commands)
  })

  for (const shell of shells) {
    it(`names every command and option for ${shell}`, () => {
      const script = completionScripts[shell](places)
      assert.ok(places.length >= 50, `${places.length} places`)
      for (const { at, options } of places) {
        assert.ok(script.includes(at))
        for (const { name } of options) {
          assert.ok(script.includes(shell === 'fish' ? `-l ${name} ` : `--${name}`), name)
        }
      }
    })

    const isThere = spawnSync(shell, ['-c', 'true']).status === 0
    it(`offers in ${shell} what may come`, { skip: !isThere && 'no such shell' }, async (t) => {
      const folder = await temporaryFolder(t)
      const script = join(folder, 'script')
      await writeFile(script, completionScripts[shell](places))
      for (const [line, expected] of lines) {
        const [program = '', ...words] = asks[shell](script, line)
        const { stdout, stderr } = spawnSync(program, words, {
          cwd: folder,
          encoding: 'utf8',
          env: { PATH: process.env.PATH, HOME: folder, TERM: 'dumb' },
        })
        assert.equal(stderr, '', line)
        const offered = stdout
          .split('\n')
          .map((one) => one.split('\t')[0]?.replace(/^--/, '') ?? '')
          .filter((one) => one !== '' && (expected === null || one.startsWith(prefixOf(line))))
        // Its own files are what fish, and readline for bash, offer by themselves.
        if (expected === null) assert.ok(['', 'files', 'script'].includes(offered.join()), line)
        else assert.deepEqual(offered.toSorted(), expected, line)
      }
    })
  }

  it('reads the value behind an equals sign in bash, which makes three words of it', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'script'), completionScripts.bash(places))
    for (const [words, count] of [
      ['get --api =', 8],
      ['get --api = v', 1],
    ] as const) {
      const set = `COMP_WORDS=(claimcheck ${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))`
      const ask = `source ./script; ${set}; _claimcheck; echo "\${#COMPREPLY[@]}"`
      const { stdout } = spawnSync('bash', ['-c', ask], { cwd: folder, encoding: 'utf8' })
      assert.equal(stdout, `${count}\n`, words)
    }
  })

  it('leaves out what cannot be loaded here, as the server on an older Node', async () => {
    const load = () => Promise.reject(new SyntaxError('It does not provide an export.'))
    const list = { description: '', commands: [{ name: 'serve', summary: 'Run it.', load }] }
    const [root, serve] = await completionPlaces(list)
    assert.deepEqual(root?.commands, [{ name: 'serve', summary: 'Run it.' }])
    assert.deepEqual([serve?.at, serve?.options.map(({ name }) => name)], ['/serve', ['help']])
  })

  it('is what the command prints', async (t) => {
    const cwd = await temporaryFolder(t)
    const { code, out } = await runMain(['completion', 'bash'], { cwd })
    const script = completionScripts.bash(places)
    assert.deepEqual([code, out], [0, script])
    const json = await runMain(['completion', 'bash', '--json'], { cwd })
    assert.deepEqual(JSON.parse(json.out), { shell: 'bash', script: script.trimEnd() })
    assert.equal((await runMain(['completion', 'tcsh'], { cwd })).code, 2)
  })
})

function prefixOf(line: string): string {
  return (line.split(' ').at(-1) ?? '').replace(/^--/, '')
}
