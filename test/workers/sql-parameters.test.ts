import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import BetterSqlite3 from 'better-sqlite3'
import fc from 'fast-check'
import { parseSql, type SqlEngine } from '../../src/workers/producers/sql-parameters.ts'
import { sized } from '../support/size.ts'

const runs = { numRuns: sized(300, 20_000) }

/** Pieces of a statement that hold no parameter, however much they look like it. */
const inert = {
  sqlite: [
    "':a'",
    "'it''s :a'",
    '":a"',
    '"x"":a"',
    '`:a`',
    '[:a]',
    '-- :a\n',
    '/* :a */',
    "x'00'",
    "'\\'",
    '/* /* :a */',
  ],
  postgres: [
    "':a'",
    "'it''s :a'",
    '":a"',
    '-- :a\n',
    '/* :a /* :a */ :a */',
    "E'\\':a'",
    "e'it''s \\\\:a'",
    '$$:a$$',
    '$tag$ :a $$ $tag$',
    '1::int',
    "'1'::text",
    'x[1:2]',
    'a$b$c',
    "date':a'",
    'f(a := 1)',
    '$é$ :a $é$',
    "U&':a'",
  ],
} satisfies Record<SqlEngine, string[]>

function statements(engine: SqlEngine): fc.Arbitrary<{ sql: string; names: string[] }> {
  const name = fc.constantFrom('a', 'b', 'least', '_x1', 'A')
  const piece = fc.oneof(
    fc.constantFrom(...inert[engine]).map((text) => ({ text, name: null })),
    fc.constantFrom('1', ' + ', '(2)', 'x').map((text) => ({ text, name: null })),
    name.map((each) => ({ text: `:${each}`, name: each })),
  )
  return fc.array(piece, { maxLength: 12 }).map((pieces) => ({
    sql: `select ${pieces.map(({ text }) => text).join(' ')}`,
    names: [...new Set(pieces.flatMap((each) => (each.name === null ? [] : [each.name])))],
  }))
}

describe('parseSql()', () => {
  for (const engine of ['sqlite', 'postgres'] as const) {
    it(`finds exactly the parameters, for ${engine}`, () => {
      fc.assert(
        fc.property(statements(engine), ({ sql, names }) => {
          const parsed = parseSql(sql, engine)
          assert.deepEqual(parsed.names, names)
          const back = parsed.text.replace(/\$(\d+)/g, (_, n) => `:${names[Number(n) - 1]}`)
          assert.equal(engine === 'postgres' ? back : parsed.text, sql)
        }),
        runs,
      )
    })
  }

  it('never loops, and throws nothing but a sentence, whatever it is given', () => {
    const text = fc.string({
      unit: fc.constantFrom(...'\'"`[]:;$-/*?@e\\ \n\rax1é\u00a0\u{1f600}'),
      maxLength: 40,
    })
    fc.assert(
      fc.property(text, fc.constantFrom('sqlite', 'postgres'), (sql, engine) => {
        try {
          parseSql(sql, engine as SqlEngine)
        } catch (error) {
          assert.match((error as Error).message, /^(It |The |A ).*\.$/su)
        }
      }),
      runs,
    )
  })

  it('agrees with SQLite itself on what a parameter is', () => {
    const database = new BetterSqlite3(':memory:')
    const text = fc.array(
      fc.constantFrom(
        "'",
        '"',
        '--',
        '\n',
        '/*',
        '*/',
        ':a',
        ':b',
        ' ',
        '1',
        ',',
        '(',
        ')',
        '[',
        ']',
        '`',
        '||',
        "''",
      ),
      { maxLength: 14 },
    )
    let prepared = 0
    fc.assert(
      fc.property(text, (pieces) => {
        const sql = `select 1, ${pieces.join('')}`
        let statement: BetterSqlite3.Statement
        try {
          statement = database.prepare(sql)
        } catch {
          return
        }
        prepared += 1
        const { names } = parseSql(sql, 'sqlite')
        const give = (given: readonly string[]) =>
          Object.fromEntries(given.map((each) => [each, 1]))
        // SQLite refuses a statement with a value too few.
        assert.doesNotThrow(() =>
          names.length === 0 ? statement.get() : statement.get(give(names)),
        )
        for (const name of names) {
          assert.throws(() => statement.get(give(names.filter((each) => each !== name))))
        }
      }),
      { numRuns: sized(3000, 100_000) },
    )
    assert.ok(prepared > 50, `only ${prepared} were SQL`)
    database.close()
  })

  it('takes one statement, whose end may be written', () => {
    assert.equal(parseSql('select 1 ; -- done\n ', 'sqlite').text, 'select 1 ')
    assert.deepEqual(parseSql("select ';' /* ; */ where :a", 'postgres').names, ['a'])
    for (const sql of ['select 1; drop table x', 'select 1;;', '; select 1']) {
      assert.throws(() => parseSql(sql, 'postgres'), /more than one statement/, sql)
    }
    assert.throws(() => parseSql(' -- nothing\n', 'sqlite'), /It is empty/)
  })

  it('refuses other placeholders and quotes that never end', () => {
    for (const [sql, engine] of [
      ['select ?', 'sqlite'],
      ['select ?1', 'sqlite'],
      ['select @a', 'sqlite'],
      ['select $a', 'sqlite'],
      ['select $1', 'postgres'],
    ] as const) {
      assert.throws(() => parseSql(sql, engine), /placeholder .+; write :name/, sql)
    }
    for (const [sql, engine] of [
      ["select 'a", 'sqlite'],
      ['select "a', 'postgres'],
      ['select [a', 'sqlite'],
      ['select `a', 'sqlite'],
      ["select E'a\\'", 'postgres'],
      ['select $$ a', 'postgres'],
      ['select /* /* */', 'postgres'],
    ] as const) {
      assert.throws(() => parseSql(sql, engine), /never ends/, sql)
    }
  })

  it('leaves operators that hold a question mark or an at sign to PostgreSQL', () => {
    assert.deepEqual(parseSql("select j ? 'k', a @> :b, :b", 'postgres'), {
      text: "select j ? 'k', a @> $1, $1",
      names: ['b'],
    })
  })
})
