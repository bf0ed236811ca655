import { DeliveryError } from '../errors.ts'

/** What a property's value is compared with: a text in lower case, in which `null` stands for `*`. */
export type TextPattern = readonly (string | null)[]

/** An end of a range; null where it is open (`*`). */
export type RangeEnd = { readonly text: string; readonly value: number | null } | null

/** A search query, understood. */
export type SearchQuery =
  | { readonly kind: 'all' }
  | { readonly kind: 'not'; readonly of: SearchQuery }
  | { readonly kind: 'and' | 'or'; readonly of: readonly SearchQuery[] }
  /** `field` is null where a value may stand in any. */
  | { readonly kind: 'text'; readonly field: string | null; readonly pattern: TextPattern }
  | { readonly kind: 'exists'; readonly field: string }
  | {
      readonly kind: 'range'
      readonly field: string
      readonly from: RangeEnd
      readonly to: RangeEnd
    }

const longestQuery = 20_000
const mostTerms = 500
const deepest = 20
const mostStars = 4

/**
 * Reads a query of the subset of Lucene's syntax that is taken here: `field:value`, `"a phrase"`,
 * `AND`, `OR`, `NOT`, parentheses (also behind a field: `field:(a OR b)`), `[a TO b]` with `*` for an
 * open end, `*` in values, `field:*` and `*:*`. Two terms without a word between them are refused,
 * because Lucene's answer to that depends on how a server is set up.
 * @throws DeliveryError `invalid` for everything else, saying where
 */
export function parseSearchQuery(text: string): SearchQuery {
  if (text.length > longestQuery) {
    throw new DeliveryError('invalid', `A query has at most ${longestQuery} characters.`)
  }
  const reader = createReader(text)
  const query = readOr(reader, null, 0)
  if (reader.peek().kind !== 'end') throw reader.unexpected()
  return query
}

/**
 * Several queries as one that finds what any of them finds.
 * @throws DeliveryError `invalid` as `parseSearchQuery`, or for more than 500 terms in all of them
 */
export function parseSearchQueries(texts: readonly string[]): SearchQuery {
  const query: SearchQuery = { kind: 'or', of: texts.map(parseSearchQuery) }
  if (countTerms(query) > mostTerms) {
    throw new DeliveryError('invalid', `The queries have more than ${mostTerms} terms.`)
  }
  return query
}

/** How many values, ranges and fields a query names: what looking at a product costs. */
export function countTerms(query: SearchQuery): number {
  if (query.kind === 'not') return countTerms(query.of)
  if (query.kind !== 'and' && query.kind !== 'or') return 1
  return query.of.reduce((sum, one) => sum + countTerms(one), 0)
}

/** A text as a number: numbers as they are, ISO dates in ms since the epoch; null for other texts. */
export function comparableOf(text: string): number | null {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(text)) return Number(text)
  if (!/^\d{4}-\d\d-\d\d(t\d\d:\d\d(:\d\d(\.\d{1,9})?)?(z|[+-]\d\d:?\d\d)?)?$/i.test(text)) {
    return null
  }
  // Without a zone a time means UTC, as in REGARDS, not the server's own.
  const zoned = /t.*(z|[+-]\d\d:?\d\d)$/i.test(text) || text.length === 10 ? text : `${text}Z`
  const time = Date.parse(zoned.toUpperCase())
  return Number.isNaN(time) ? null : time
}

type Token =
  | { readonly kind: '(' | ')' | '[' | ']' | 'AND' | 'OR' | 'NOT' | 'end'; readonly at: number }
  | { readonly kind: 'field'; readonly name: string; readonly at: number }
  | { readonly kind: 'word' | 'phrase'; readonly pattern: TextPattern; readonly at: number }

interface Reader {
  peek(): Token
  next(): Token
  /** The two ends of a range whose `[` was just read. */
  range(): [string, string]
  term(): void
  unexpected(): DeliveryError
}

function readOr(reader: Reader, field: string | null, depth: number): SearchQuery {
  return readChain(reader, 'OR', () =>
    readChain(reader, 'AND', () => readNot(reader, field, depth)),
  )
}

function readChain(reader: Reader, word: 'AND' | 'OR', read: () => SearchQuery): SearchQuery {
  const of = [read()]
  while (reader.peek().kind === word) {
    reader.next()
    of.push(read())
  }
  const [only] = of
  return of.length === 1 && only !== undefined ? only : { kind: word === 'AND' ? 'and' : 'or', of }
}

function readNot(reader: Reader, field: string | null, depth: number): SearchQuery {
  if (reader.peek().kind !== 'NOT') return readTerm(reader, field, depth)
  if (depth >= deepest) throw tooDeep()
  reader.next()
  return { kind: 'not', of: readNot(reader, field, depth + 1) }
}

function readTerm(reader: Reader, field: string | null, depth: number): SearchQuery {
  reader.term()
  const token = reader.peek()
  if (token.kind === '(') {
    if (depth >= deepest) throw tooDeep()
    reader.next()
    const inner = readOr(reader, field, depth + 1)
    if (reader.peek().kind !== ')') throw reader.unexpected()
    reader.next()
    return inner
  }
  if (token.kind === 'field' && field === null) {
    reader.next()
    return readTerm(reader, token.name, depth)
  }
  if (token.kind === '[' && field !== null) {
    reader.next()
    const [from, to] = reader.range().map(rangeEnd) as [RangeEnd, RangeEnd]
    return rangeQuery(field, from, to)
  }
  if (token.kind !== 'word' && token.kind !== 'phrase') throw reader.unexpected()
  reader.next()
  return textQuery(field, token.pattern)
}

function textQuery(field: string | null, pattern: TextPattern): SearchQuery {
  const isStar = pattern.length > 0 && pattern.every((part) => part === null || part === '')
  if (!isStar) return { kind: 'text', field, pattern }
  return field === null || field === '*' ? { kind: 'all' } : { kind: 'exists', field }
}

function rangeEnd(text: string): RangeEnd {
  return text === '*' ? null : { text: text.toLowerCase(), value: comparableOf(text) }
}

function rangeQuery(field: string, from: RangeEnd, to: RangeEnd): SearchQuery {
  if (from === null && to === null) return { kind: 'exists', field }
  if (from !== null && to !== null && (from.value === null) !== (to.value === null)) {
    throw new DeliveryError(
      'invalid',
      `The range of "${field}" begins and ends with values of different kinds.`,
    )
  }
  return { kind: 'range', field, from, to }
}

/** Reads tokens as they are asked for. */
function createReader(text: string): Reader {
  const tokens = tokenize(text)
  let index = 0
  let terms = 0
  const peek = (): Token => tokens[index] ?? { kind: 'end', at: text.length }
  const unexpected = (): DeliveryError => refuseAt(text, peek().at)
  return {
    peek,
    unexpected,
    next() {
      const token = peek()
      index += 1
      return token
    },
    range() {
      // A range's ends may hold what separates tokens elsewhere (the colons of a time).
      const { at } = tokens[index - 1] ?? peek()
      const match = rangePattern.exec(text.slice(at))
      if (match === null) throw refuseAt(text, at)
      const end = at + match[0].length
      while (peek().kind !== 'end' && peek().at < end) index += 1
      return [
        withoutEscapes(match[1] ?? match[2] ?? ''),
        withoutEscapes(match[3] ?? match[4] ?? ''),
      ]
    },
    term() {
      terms += 1
      if (terms > mostTerms) {
        throw new DeliveryError('invalid', `A query has at most ${mostTerms} terms.`)
      }
    },
  }
}

const rangePattern =
  /^\[\s*(?:"((?:[^"\\]|\\.)+)"|([^\s[\]"{}()]+))\s+TO\s+(?:"((?:[^"\\]|\\.)+)"|([^\s[\]"{}()]+))\s*\]/

/** One token, or the whole of a range, at the place where the last one ended. */
const tokenPattern =
  /\s*(?:([()])|(\[[^\]]*\])|"((?:[^"\\]|\\.)*)"|((?:[^\s()[\]{}":~^?!&|+/\\<>=]|\\.)+)(:)?)/gy

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  const trimmed = text.trimEnd()
  tokenPattern.lastIndex = 0
  while (tokenPattern.lastIndex < trimmed.length) {
    const start = tokenPattern.lastIndex
    const match = tokenPattern.exec(trimmed)
    if (match === null) throw refuseAt(text, start)
    tokens.push(toToken(match, start + match[0].length - match[0].trimStart().length))
  }
  return tokens
}

function toToken(match: RegExpExecArray, at: number): Token {
  const [, parenthesis, range, phrase, word = '', colon] = match
  if (parenthesis === '(' || parenthesis === ')') return { kind: parenthesis, at }
  if (range !== undefined) return { kind: '[', at }
  if (phrase !== undefined)
    return { kind: 'phrase', at, pattern: [withoutEscapes(phrase).toLowerCase()] }
  if (colon !== undefined) return { kind: 'field', at, name: fieldName(word) }
  if (word === 'AND' || word === 'OR' || word === 'NOT') return { kind: word, at }
  if (word.startsWith('-')) {
    // Lucene's prohibited term; a negative number is meant as a value.
    if (comparableOf(word) === null)
      throw new DeliveryError('invalid', 'Write NOT in place of "-".')
  }
  return { kind: 'word', at, pattern: wordPattern(word) }
}

function fieldName(word: string): string {
  if (word === '*') return word
  if (!/^[\w.-]{1,128}$/.test(word)) {
    throw new DeliveryError('invalid', `"${word}" is not the name of a field.`)
  }
  return word
}

function wordPattern(word: string): TextPattern {
  const parts = word.match(/(?:[^*\\]|\\.)+|\*/gs) ?? []
  if (parts.filter((part) => part === '*').length > mostStars) {
    throw new DeliveryError('invalid', `A value has at most ${mostStars} stars.`)
  }
  return parts.map((part) => (part === '*' ? null : withoutEscapes(part).toLowerCase()))
}

function withoutEscapes(text: string): string {
  return text.replace(/\\(.)/gs, '$1')
}

function refuseAt(text: string, at: number): DeliveryError {
  const rest = text.slice(at, at + 20)
  const where = rest.trim() === '' ? 'It ends too early' : `It cannot be read from "${rest}" on`
  return new DeliveryError(
    'invalid',
    `The query is not one that is taken here: field:value, "a phrase", AND, OR, NOT, ( ), [a TO b] and *. ${where}.`,
  )
}

function tooDeep(): DeliveryError {
  return new DeliveryError('invalid', `A query nests at most ${deepest} levels deep.`)
}
