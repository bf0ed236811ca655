import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createOrganization } from '../../src/core/accounts/organizations.ts'
import { DeliveryError } from '../../src/core/errors.ts'
import { compileFileNamePattern } from '../../src/core/orders/file-name-pattern.ts'
import { searchProducts } from '../../src/core/orders/product-search.ts'
import { newestProduct } from '../../src/core/orders/products.ts'
import {
  comparableOf,
  countTerms,
  parseSearchQueries,
  parseSearchQuery,
  type SearchQuery,
} from '../../src/core/orders/search-query.ts'
import { publish } from '../support/products.ts'
import { sized } from '../support/size.ts'
import { openTestCore } from '../support/test-core.ts'

describe('parseSearchQuery()', () => {
  const read: [string, SearchQuery][] = [
    ['productId:my_id', { kind: 'text', field: 'productId', pattern: ['my_id'] }],
    ['a:"Two Words"', { kind: 'text', field: 'a', pattern: ['two words'] }],
    ['"alone"', { kind: 'text', field: null, pattern: ['alone'] }],
    ['a:x*y', { kind: 'text', field: 'a', pattern: ['x', null, 'y'] }],
    ['a:\\*x', { kind: 'text', field: 'a', pattern: ['*x'] }],
    ['a:-5', { kind: 'text', field: 'a', pattern: ['-5'] }],
    ['a:*', { kind: 'exists', field: 'a' }],
    ['*:*', { kind: 'all' }],
    ['*', { kind: 'all' }],
    ['a:[1 TO *]', { kind: 'range', field: 'a', from: { text: '1', value: 1 }, to: null }],
    [
      't:[2020-01-01T00:00:00Z TO "2020-01-02"]',
      {
        kind: 'range',
        field: 't',
        from: { text: '2020-01-01t00:00:00z', value: Date.UTC(2020, 0, 1) },
        to: { text: '2020-01-02', value: Date.UTC(2020, 0, 2) },
      },
    ],
  ]
  for (const [text, expected] of read) {
    it(`reads ${text}`, () => assert.deepEqual(parseSearchQuery(text), expected))
  }

  it('binds NOT before AND before OR, and takes a field over parentheses', () => {
    const a = { kind: 'text', field: 'f', pattern: ['a'] }
    const b = { kind: 'text', field: 'f', pattern: ['b'] }
    const c = { kind: 'text', field: 'f', pattern: ['c'] }
    assert.deepEqual(parseSearchQuery('f:a OR NOT f:b AND f:c'), {
      kind: 'or',
      of: [a, { kind: 'and', of: [{ kind: 'not', of: b }, c] }],
    })
    assert.deepEqual(parseSearchQuery('f:(a OR (b AND c))'), {
      kind: 'or',
      of: [a, { kind: 'and', of: [b, c] }],
    })
  })

  const refused = [
    ...[
      '',
      '  ',
      'a b',
      'a:',
      'a:b:c',
      '(a',
      'a)',
      'a:(b:c)',
      'NOT',
      'a AND',
      'OR a',
      'a AND OR b',
    ],
    ...['a:{1 TO 2}', 'a:[1 TO b]', 'a:[1 2]', 'a:[1 TO 2', '[1 TO 2]', 'a:[1 TO 2}', '+a', '-a'],
    ...['a~2', 'a^2', 'a:/x/', 'a?b', 'a && b', 'a || b', '!a', 'a:"x', 'é:a', 'a:x*y*z*u*v*w'],
    ...[`${'('.repeat(100)}a${')'.repeat(100)}`, `${'NOT '.repeat(100)}a`, 'a'.repeat(30_000)],
    Array.from({ length: 600 }, () => 'a').join(' OR '),
  ]
  it('refuses what the syntax does not have, and queries that nest or grow without bounds', () => {
    for (const text of refused) {
      assert.throws(() => parseSearchQuery(text), { code: 'invalid' }, text.slice(0, 40))
    }
  })

  it('counts the terms of all queries of an order together', () => {
    const hundred = Array.from({ length: 100 }, () => 'a:*b*').join(' OR ')
    assert.equal(countTerms(parseSearchQueries([hundred, hundred])), 200)
    const six = Array.from({ length: 6 }, () => hundred)
    assert.throws(() => parseSearchQueries(six), { code: 'invalid' })
  })

  it('answers any text with a query or a refusal', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'a',
        'f:',
        '(',
        ')',
        '[',
        ']',
        ' AND ',
        ' OR ',
        'NOT ',
        ' TO ',
        '*',
        '"',
        '\\',
        ' ',
      ),
      fc.string({ maxLength: 3 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 15 }), (pieces) => {
        try {
          parseSearchQuery(pieces.join(''))
        } catch (error) {
          assert.ok(error instanceof DeliveryError && error.code === 'invalid', String(error))
        }
      }),
      { numRuns: sized(1000, 50_000) },
    )
  })

  it('reads back what is written', () => {
    fc.assert(
      fc.property(queries, (query) => assert.deepEqual(parseSearchQuery(write(query)), query)),
      { numRuns: sized(300, 10_000) },
    )
  })
})

describe('searchProducts()', () => {
  it('finds what a plain look at each product finds', async (t) => {
    const core = await openTestCore(t)
    const { id } = await createOrganization(core, 'system', { code: 'acme' })
    const other = await createOrganization(core, 'system', { code: 'other' })
    const products: { number: number; values: Record<string, string[]> }[] = []
    for (const [index, values] of fc.sample(propertiesOf, { numRuns: 40, seed: 7 }).entries()) {
      const properties = { id: `p${index}`, files: { 'a.txt': 'a' }, properties: values }
      const { number } = await publish(core, properties)
      products.push({ number, values })
      if (index < 5) await publish(core, { ...properties, organization: other.code })
    }
    const until = await newestProduct(core.database.kysely)
    await fc.assert(
      fc.asyncProperty(queries, async (query) => {
        const found = await searchProducts(core.database.kysely, {
          organizationId: id,
          query: parseSearchQuery(write(query)),
          from: 0,
          until,
        })
        assert.equal(found.next, null)
        assert.deepEqual(
          found.products.map((product) => product.number),
          products.filter(({ values }) => matches(values, query)).map(({ number }) => number),
        )
      }),
      { numRuns: sized(200, 5000) },
    )
  })

  it('goes on behind 500 products without looking at more at once', async (t) => {
    const core = await openTestCore(t)
    const { id } = await createOrganization(core, 'system', { code: 'acme' })
    for (let index = 0; index < 501; index += 1) {
      await publish(core, { id: `p${index}`, files: { a: '' }, properties: { odd: index % 2 } })
    }
    const search = { organizationId: id, query: parseSearchQuery('NOT odd:1'), until: 1e9 }
    const first = await searchProducts(core.database.kysely, { ...search, from: 0 })
    assert.equal(first.products.length, 250)
    const second = await searchProducts(core.database.kysely, { ...search, from: first.next ?? 0 })
    assert.equal(second.products.length, 1)
    assert.equal(second.next, null)
    // Each term is looked for in each product.
    const long = parseSearchQuery(Array.from({ length: 100 }, () => 'NOT odd:2').join(' AND '))
    const short = await searchProducts(core.database.kysely, { ...search, query: long, from: 0 })
    assert.equal(short.products.length, 50)
  })
})

describe('compileFileNamePattern()', () => {
  it('matches the whole name', () => {
    assert.equal(compileFileNamePattern('a.*')('a.txt'), true)
    assert.equal(compileFileNamePattern('txt')('a.txt'), false)
    assert.equal(compileFileNamePattern(null)('a.txt'), true)
  })

  it('refuses what is no pattern, and back-references, which take exponential time', () => {
    for (const pattern of ['(', '[', '(a)\\1', 'x'.repeat(501)]) {
      assert.throws(() => compileFileNamePattern(pattern), { code: 'invalid' }, pattern)
    }
  })

  it('answers the patterns that bring other engines down', () => {
    // A backtracking engine takes 2^5000 steps; the test would never end.
    const name = `${'a'.repeat(5000)}!`
    assert.equal(compileFileNamePattern('(a+)+$')(name), false)
    assert.equal(compileFileNamePattern('(a|a)*b')(name), false)
  })
})

const fields = ['f', 'g.h'] as const
const texts = [
  'red',
  'blue sky',
  'or',
  'a"b',
  '7',
  '-2.5',
  '2020-01-01',
  '100%',
  'x_y',
  'été',
] as const

const propertiesOf = fc.record({
  f: fc.uniqueArray(fc.constantFrom<string>(...texts), { maxLength: 3 }),
  'g.h': fc.uniqueArray(fc.constantFrom<string>(...texts), { maxLength: 2 }),
})

const end = (values: readonly string[]) =>
  fc.constantFrom(...values).map((text) => ({ text, value: comparableOf(text) }))
const field = fc.constantFrom(...fields)
const range = fc.oneof(
  fc.tuple(end(['-3', '0', '7']), fc.option(end(['7', '8']))),
  fc.tuple(fc.option(end(['a', 'red'])), end(['blue sky', 'z'])),
)
const leaf: fc.Arbitrary<SearchQuery> = fc.oneof(
  fc.constant<SearchQuery>({ kind: 'all' }),
  field.map((name) => ({ kind: 'exists', field: name }) as const),
  fc
    .tuple(field, fc.constantFrom<string>(...texts))
    .map(([name, text]) => ({ kind: 'text', field: name, pattern: [text] }) as const),
  fc
    .tuple(field, fc.constantFrom<(string | null)[]>(['r', null], [null, '5'], [null, '_', null]))
    .map(([name, pattern]) => ({ kind: 'text', field: name, pattern }) as const),
  fc
    .tuple(field, range)
    .map(([name, [from, to]]) => ({ kind: 'range', field: name, from, to }) as const),
)
const { tree: queries } = fc.letrec<{ tree: SearchQuery }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    tie('tree').map((of): SearchQuery => ({ kind: 'not', of })),
    fc
      .tuple(
        fc.constantFrom('and' as const, 'or' as const),
        fc.array(tie('tree'), { minLength: 2, maxLength: 3 }),
      )
      .map(
        ([kind, of]): SearchQuery => ({
          kind,
          of: of.map((one) => (one.kind === kind ? ({ kind: 'not', of: one } as const) : one)),
        }),
      ),
  ),
}))

function write(query: SearchQuery): string {
  switch (query.kind) {
    case 'all':
      return '*:*'
    case 'not':
      return `NOT ${enclose(query.of)}`
    case 'and':
    case 'or':
      return query.of.map(enclose).join(query.kind === 'and' ? ' AND ' : ' OR ')
    case 'exists':
      return `${query.field}:*`
    case 'text':
      return `${query.field}:${writePattern(query.pattern)}`
    case 'range':
      return `${query.field}:[${writeEnd(query.from)} TO ${writeEnd(query.to)}]`
  }
}

function enclose(query: SearchQuery): string {
  return query.kind === 'and' || query.kind === 'or' ? `(${write(query)})` : write(query)
}

function writePattern(pattern: readonly (string | null)[]): string {
  const [text] = pattern
  if (pattern.length === 1 && text !== null) return quote(text ?? '')
  return pattern.map((part) => part ?? '*').join('')
}

function writeEnd(of: { text: string } | null): string {
  return of === null ? '*' : /\s/.test(of.text) ? quote(of.text) : of.text
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

/** What a query means, said as plainly as possible. */
function matches(values: Record<string, string[]>, query: SearchQuery): boolean {
  switch (query.kind) {
    case 'all':
      return true
    case 'not':
      return !matches(values, query.of)
    case 'and':
      return query.of.every((one) => matches(values, one))
    case 'or':
      return query.of.some((one) => matches(values, one))
    case 'exists':
      return (values[query.field]?.length ?? 0) > 0
    case 'text': {
      const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      const source = query.pattern.map((part) => (part === null ? '.*' : literally(part))).join('')
      const pattern = new RegExp(`^${source}$`, 's')
      return (values[query.field ?? ''] ?? []).some((text) => pattern.test(text))
    }
    case 'range': {
      const { from, to } = query
      return (values[query.field] ?? []).some((text) => {
        const value = comparableOf(text)
        if ((from ?? to)?.value === null) {
          return (from === null || text >= from.text) && (to === null || text <= to.text)
        }
        if (value === null) return false
        return value >= (from?.value ?? -Infinity) && value <= (to?.value ?? Infinity)
      })
    }
  }
}
