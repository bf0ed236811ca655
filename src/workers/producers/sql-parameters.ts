export type SqlEngine = 'sqlite' | 'postgres'

/** An SQL statement whose `:name` parameters are known. */
export interface ParsedSql {
  /** What the engine is given: for PostgreSQL with `$1`, `$2`… in place of the names. */
  readonly text: string
  /** The parameters' names, each once, in the order of their first use. */
  readonly names: readonly string[]
}

/**
 * Finds the `:name` parameters of one statement, as the engine itself would read it: not in strings,
 * quoted names, comments, dollar quotes, casts (`::`) or array slices (`a[1:n]`).
 * @throws Error with a sentence when the text is more than one statement, never ends a quote, or
 * uses another kind of placeholder.
 */
export function parseSql(sql: string, engine: SqlEngine): ParsedSql {
  const names: string[] = []
  let text = ''
  let begun = false
  let ended = false
  for (const token of tokens(sql, engine)) {
    if (token.kind === 'space') {
      text += ended ? '' : token.text
      continue
    }
    if (ended) throw new Error('It holds more than one statement; a query is a single one.')
    ended = token.kind === 'end'
    if (ended) continue
    begun = true
    if (token.kind === 'name') {
      const name = token.text.slice(1)
      if (!names.includes(name)) names.push(name)
      text += engine === 'postgres' ? `$${names.indexOf(name) + 1}` : token.text
    } else text += token.text
  }
  if (!begun) throw new Error('It is empty.')
  return { text, names }
}

type TokenKind = 'space' | 'plain' | 'name' | 'end'

interface Token {
  readonly kind: TokenKind
  readonly text: string
}

type Rule = readonly [pattern: RegExp, kind: TokenKind | 'foreign' | 'open']

const quoted: readonly Rule[] = [
  [/'(?:[^']|'')*'/y, 'plain'],
  [/"(?:[^"]|"")*"/y, 'plain'],
]
const word: Rule = [/[\p{L}\p{N}_\u0080-\uffff][\p{L}\p{N}_$\u0080-\uffff]*/uy, 'plain']
const rest: readonly Rule[] = [
  [/;/y, 'end'],
  [/['"]/y, 'open'],
  [/[\s\S]/y, 'plain'],
]

const rules: Readonly<Record<SqlEngine, readonly Rule[]>> = {
  // https://sqlite.org/lang_comment.html: a block comment may be left open at the end.
  sqlite: [
    [/\s+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y, 'space'],
    ...quoted,
    [/`(?:[^`]|``)*`|\[[^\]]*\]/y, 'plain'],
    word,
    [/:[A-Za-z_][\w]*(?![\w$\u0080-\uffff])/y, 'name'],
    [/\?\d*|[:@$#][\w$\u0080-\uffff]+/y, 'foreign'],
    [/[`[]/y, 'open'],
    ...rest,
  ],
  // PostgreSQL manual §4.1: E'' strings, dollar quotes, casts, slices.
  postgres: [
    [/\s+|--[^\n\r]*/y, 'space'],
    [/[eE]'(?:[^'\\]|\\[\s\S]|'')*'/y, 'plain'],
    [/[eE]'/y, 'open'],
    ...quoted,
    [/\$([\p{L}_\u0080-\uffff][\p{L}\p{N}_\u0080-\uffff]*)?\$[\s\S]*?\$\1\$/uy, 'plain'],
    [/\$(?:[\p{L}_\u0080-\uffff][\p{L}\p{N}_\u0080-\uffff]*)?\$/uy, 'open'],
    word,
    [/::|:=/y, 'plain'],
    [/(?<![\w\])"'$\u0080-\uffff]):[A-Za-z_]\w*/y, 'name'],
    [/\$\d+/y, 'foreign'],
    ...rest,
  ],
}

function* tokens(sql: string, engine: SqlEngine): Generator<Token> {
  let at = 0
  while (at < sql.length) {
    const token = blockComment(sql, at, engine) ?? match(sql, at, engine)
    at += token.text.length
    yield token
  }
}

/** PostgreSQL's block comments nest, which no regular expression can follow. */
function blockComment(sql: string, start: number, engine: SqlEngine): Token | null {
  if (engine !== 'postgres' || !sql.startsWith('/*', start)) return null
  let depth = 0
  for (let at = start; at < sql.length - 1; at++) {
    const pair = sql.slice(at, at + 2)
    if (pair !== '/*' && pair !== '*/') continue
    depth += pair === '/*' ? 1 : -1
    at += 1
    if (depth === 0) return { kind: 'space', text: sql.slice(start, at + 1) }
  }
  throw new Error('A comment in it never ends.')
}

function match(sql: string, at: number, engine: SqlEngine): Token {
  for (const [pattern, kind] of rules[engine]) {
    pattern.lastIndex = at
    const text = pattern.exec(sql)?.[0]
    if (text === undefined) continue
    if (kind === 'open') throw new Error(`The quote ${text} in it never ends.`)
    if (kind === 'foreign') {
      throw new Error(
        `It uses the placeholder ${text}; write :name, and give its value by that name.`,
      )
    }
    return { kind, text }
  }
  throw new Error('It cannot be read.')
}
