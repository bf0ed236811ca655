import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Command, defineCommand, parseInput, UsageError } from '../../src/cli/command.ts'
import { formatTable } from '../../src/cli/format-table.ts'
import { formatHelp } from '../../src/cli/help.ts'
import { suggest } from '../../src/suggest.ts'

const example: Command = defineCommand({
  description: 'Wraps a parcel.',
  arguments: [
    { name: 'parcel', description: 'Which one.', required: true },
    { name: 'ribbon', description: 'With what.' },
  ],
  options: {
    colour: { type: 'string', value: 'NAME', description: 'Of the paper.' },
    label: { type: 'string', value: 'TEXT', multiple: true, description: 'Stuck on.' },
    fragile: { type: 'boolean', description: 'Take care.' },
  },
  examples: [{ command: 'wrap it', description: 'Wrap it.' }],
  async run() {},
})

describe('parseInput()', () => {
  const right: [string[], unknown, string[]][] = [
    [['a'], {}, ['a']],
    [['a', 'b', '--fragile'], { fragile: true }, ['a', 'b']],
    [['--colour', 'red', 'a'], { colour: 'red' }, ['a']],
    [['a', '--colour=-x'], { colour: '-x' }, ['a']],
    [['a', '--label', 'x', '--label=y'], { label: ['x', 'y'] }, ['a']],
    [['--', '--fragile'], {}, ['--fragile']],
    [['a', '--colour', '-'], { colour: '-' }, ['a']],
  ]
  for (const [words, values, positionals] of right) {
    it(`reads ${words.join(' ')}`, () => {
      const input = parseInput(example, words)
      assert.deepEqual({ ...input.values }, values)
      assert.deepEqual(input.positionals, positionals)
      assert.equal(input.help, false)
    })
  }

  const wrong: [string[], string][] = [
    [[], '<parcel> is missing.'],
    [['a', 'b', 'c'], '"c" is one argument too many.'],
    [['a', '--color', 'red'], 'There is no option --color: did you mean --colour?'],
    [['a', '--zebra'], 'There is no option --zebra.'],
    [['a', '--toString'], 'There is no option --toString.'],
    [['a', '-x'], 'There is no option -x.'],
    [['a', '--colour'], 'The option --colour needs a value.'],
    [['a', '--colour='], 'The option --colour needs a value.'],
    [['a', '--colour', '--fragile'], 'The option --colour needs a value.'],
    [['a', '--fragile=no'], 'The option --fragile takes no value.'],
  ]
  for (const [words, message] of wrong) {
    it(`refuses ${words.join(' ') || 'nothing'}`, () => {
      assert.throws(() => parseInput(example, words), new UsageError(message))
    })
  }

  it('lets the help be asked for without the arguments', () => {
    assert.equal(parseInput(example, ['--help']).help, true)
    assert.equal(parseInput(example, ['-h']).help, true)
  })
})

describe('formatHelp()', () => {
  it('explains everything that a command takes', () => {
    assert.equal(
      formatHelp(['wrap'], example),
      `Wraps a parcel.

Usage: wrap <parcel> [<ribbon>] [options]

Arguments:
  <parcel>  Which one.
  <ribbon>  With what.

Options:
  --colour NAME  Of the paper.
  --label TEXT   Stuck on. Repeatable.
  --fragile      Take care.
  --help         Show this help.

Examples:
  # Wrap it.
  wrap it`,
    )
  })
})

describe('formatTable()', () => {
  it('aligns the columns and leaves no spaces at the end', () => {
    const rows = [
      ['a', 'bbb', ''],
      ['aa', 'b', 'c'],
    ]
    assert.equal(formatTable(rows), 'a   bbb\naa  b    c')
  })

  it('keeps a name from steering the terminal', () => {
    assert.equal(formatTable([['a\x1b[2J\nb']]), 'a?[2J?b')
  })
})

describe('suggest()', () => {
  const words = ['create', 'list', 'key', 'CLAIMCHECK_PUBLIC_URL']
  const meant: [string, string | null][] = [
    ['craete', 'create'],
    ['creat', 'create'],
    ['lisst', 'list'],
    ['kye', 'key'],
    ['CLAIMCHECK_PUBLICURL', 'CLAIMCHECK_PUBLIC_URL'],
    ['cab', null],
    ['', null],
    ['delete', null],
  ]
  for (const [word, expected] of meant) {
    it(`takes "${word}" for ${expected ?? 'nothing known'}`, () => {
      assert.equal(suggest(word, words), expected)
    })
  }
})
