import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type CsvOptions, createCsvWriter } from '../../src/workers/writers/csv.ts'
import { createNdjsonWriter } from '../../src/workers/writers/ndjson.ts'
import type { Cell, Row, RowWriter } from '../../src/workers/writers/row-writer.ts'
import { sized } from '../support/size.ts'

const runs = { numRuns: sized(200, 10_000) }
const plain: CsvOptions = { byteOrderMark: false, delimiter: ',', formulaSafe: true }

function whole(writer: RowWriter, rows: readonly Row[]): string {
  return Buffer.concat([writer.write(rows), writer.end()]).toString('utf8')
}

function csvOf(cell: Cell, options: Partial<CsvOptions> = {}): string {
  const text = whole(createCsvWriter(['a', 'b'], { ...plain, ...options }), [[cell, 1]])
  return text.slice(text.indexOf('\r\n') + 2, text.lastIndexOf(`${options.delimiter ?? ','}1\r\n`))
}

/** RFC 4180, read as a strict reader does. */
function parseCsv(text: string, delimiter: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  const field = new RegExp(
    `(?:"((?:[^"]|"")*)"|([^"\\r\\n${delimiter}]*))(\\r\\n|${delimiter})`,
    'y',
  )
  while (field.lastIndex < text.length) {
    const match = field.exec(text)
    if (match === null) throw new Error(`No CSV: ${JSON.stringify(text)}`)
    row.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    if (match[3] !== '\r\n') continue
    rows.push(row)
    row = []
  }
  return rows
}

describe('CSV', () => {
  it('comes back from a strict reader as it went in', () => {
    const cells = fc.array(
      fc.array(
        fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
        { minLength: 2, maxLength: 2 },
      ),
    )
    const delimiters = fc.constantFrom(',', ';', '\t')
    fc.assert(
      fc.property(cells, delimiters, (rows, delimiter) => {
        const options = { ...plain, delimiter, formulaSafe: false } as CsvOptions
        const text = whole(createCsvWriter(['a', 'b'], options), rows)
        assert.deepEqual(parseCsv(text, delimiter), [['a', 'b'], ...rows])
      }),
      runs,
    )
  })

  it('gives an apostrophe to text that a spreadsheet would run, and to nothing else', () => {
    for (const text of [
      '=1+1',
      '+33 1',
      '-1',
      '@SUM(A1)',
      '\uff1d1',
      '\uff0b1',
      '\uff0d1',
      '\uff20a',
    ]) {
      assert.equal(csvOf(text), `'${text}`)
      assert.equal(csvOf(text, { formulaSafe: false }), text)
    }
    assert.equal(csvOf('\t=1'), '"\'\t=1"')
    assert.equal(csvOf('\r=1'), '"\'\r=1"')
    assert.equal(csvOf('=cmd|"/c calc"!A1'), '"\'=cmd|""/c calc""!A1"')
    assert.equal(csvOf('a=1'), 'a=1')
    assert.equal(csvOf("'=1"), "'=1")
  })

  it('leaves numbers numbers', () => {
    assert.equal(csvOf(-1.5), '-1.5')
    assert.equal(csvOf(-12345678901234567890n), '-12345678901234567890')
    assert.equal(csvOf({ decimal: '-0.10' }), '-0.10')
  })

  it('guards the names of columns, too', () => {
    assert.equal(whole(createCsvWriter(['=1', 'b'], plain), []), "'=1,b\r\n")
  })

  it('tells null from the empty text, and keeps a row of one null', () => {
    assert.equal(csvOf(null), '')
    assert.equal(csvOf(''), '""')
    assert.equal(whole(createCsvWriter(['a'], plain), [[null]]), 'a\r\n""\r\n')
  })

  it('writes bytes as base64, times as RFC 3339, and objects as JSON', () => {
    assert.equal(csvOf(true), 'true')
    assert.equal(csvOf(Uint8Array.of(0, 255)), 'AP8=')
    assert.equal(csvOf({ time: '2026-11-21T22:31:00Z' }), '2026-11-21T22:31:00Z')
    assert.equal(csvOf({ json: '{"a":1}' }), '"{""a"":1}"')
  })

  it('begins with a byte order mark when it is wanted, once', () => {
    const text = whole(createCsvWriter(['a'], { ...plain, byteOrderMark: true }), [['b'], ['c']])
    assert.equal(text, '\ufeffa\r\nb\r\nc\r\n')
  })
})

describe('NDJSON', () => {
  it('comes back from JSON.parse as it went in', () => {
    const cell = fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell)), (rows) => {
        const lines = whole(createNdjsonWriter(['a "b"', 'c']), rows)
          .split('\n')
          .slice(0, -1)
        const expected = rows.map(([a, c]) => ({ 'a "b"': wellFormed(a), c: wellFormed(c) }))
        assert.deepEqual(
          lines.map((line) => JSON.parse(line)),
          expected,
        )
      }),
      runs,
    )
  })

  it('keeps every digit, and JSON as JSON on one line', () => {
    const row: Row = [
      9007199254740993n,
      { decimal: '0.10000000000000000001' },
      { json: '{"a":\n 1}' },
    ]
    assert.equal(
      whole(createNdjsonWriter(['a', 'b', 'c']), [
        row,
        [{ decimal: 'NaN' }, Number.NaN, { time: '2026-11-21' }],
      ]),
      '{"a":9007199254740993,"b":0.10000000000000000001,"c":{"a":  1}}\n' +
        '{"a":null,"b":null,"c":"2026-11-21"}\n',
    )
  })

  it('is empty without rows, and refuses two columns of one name', () => {
    assert.equal(whole(createNdjsonWriter(['a']), []), '')
    assert.throws(() => createNdjsonWriter(['id', 'name', 'id']), /Two columns are called "id"/)
  })
})

function wellFormed(value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value
}
