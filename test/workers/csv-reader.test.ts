import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { CsvError, type CsvRow, createCsvParser, rowLimits } from '../../src/workers/csv-reader.ts'
import { createCsvWriter } from '../../src/workers/writers/csv.ts'
import { sized } from '../support/size.ts'

interface Reading {
  rows: CsvRow[]
  error: { row: number; column: number; message: string } | null
}

function read(pieces: readonly Uint8Array[]): Reading {
  const rows: CsvRow[] = []
  try {
    const parser = createCsvParser((row) => rows.push(row))
    for (const piece of pieces) parser.push(piece)
    parser.end()
    return { rows, error: null }
  } catch (error) {
    assert.ok(error instanceof CsvError, String(error))
    return { rows, error: { row: error.row, column: error.column, message: error.message } }
  }
}

function cells(text: string | Uint8Array): (readonly string[])[] {
  const { rows, error } = read([typeof text === 'string' ? Buffer.from(text) : text])
  assert.equal(error, null)
  return rows.map((row) => row.cells)
}

describe('createCsvParser()', () => {
  const readings: [string, string, string[][]][] = [
    [
      'RFC 4180 §2.1: lines end with CRLF',
      'a,b\r\nc,d\r\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      '§2.2: the last line may go without',
      'a,b\r\nc,d',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['LF alone, and CR alone', 'a\nb\rc', [['a'], ['b'], ['c']]],
    ['§2.4: spaces are part of a cell', ' a , b', [[' a ', ' b']]],
    ['§2.5: quoted cells', '"a","b"\n', [['a', 'b']]],
    ['§2.6: commas, quotes, line breaks in quotes', '"a,\r\nb",c\n', [['a,\r\nb', 'c']]],
    ['§2.7: two quotes are one', '"a""b",""""\n', [['a"b', '"']]],
    ['a quote inside of a plain cell', '{"google": "id"},b\n', [['{"google": "id"}', 'b']]],
    [
      'empty cells',
      ',\n"",\n',
      [
        ['', ''],
        ['', ''],
      ],
    ],
    ['empty lines are passed over', '\n\r\na\n\n\nb\n\n', [['a'], ['b']]],
    ['a quoted nothing is a row', '""\n', [['']]],
    ['nothing', '', []],
    ['a byte order mark', '\ufeffa,b\n', [['a', 'b']]],
    ['a byte order mark and nothing', '\ufeff', []],
    ['a short file', 'a', [['a']]],
    ['letters of every length', 'é,€,𝄞\n', [['é', '€', '𝄞']]],
  ]
  for (const [title, text, expected] of readings) {
    it(`reads ${title}`, () => assert.deepEqual(cells(text), expected))
  }

  it('counts rows as a spreadsheet does', () => {
    const { rows } = read([Buffer.from('a\n\n"b\nc"\nd\n')])
    assert.deepEqual(
      rows.map((row) => row.number),
      [1, 3, 4],
    )
  })

  it('goes on after text behind a closing quote, and says where it is', () => {
    const { rows, error } = read([Buffer.from('a,"b"c,d\ne,f,g\n')])
    assert.equal(error, null)
    assert.equal(rows[0]?.problem?.column, 2)
    assert.equal(rows[0]?.cells.length, 3)
    assert.deepEqual(rows[1], { number: 2, cells: ['e', 'f', 'g'], problem: null })
  })

  const faults: [string, Uint8Array, number, number, RegExp][] = [
    ['an open quote', Buffer.from('a,b\nc,"d\ne,f\n'), 2, 2, /never closed/],
    ['Latin-1', Buffer.from('name\nJos\xe9,x\n', 'latin1'), 2, 1, /0xE9.*"é"/],
    ['a character cut off by the end', Buffer.from('a,\xe2\x82', 'latin1'), 1, 2, /0xE2/],
    ['an overlong form', Buffer.from('a\nb,\xc0\xaf', 'latin1'), 2, 2, /0xC0/],
    ['a surrogate', Buffer.from('\xed\xa0\x80aaaa', 'latin1'), 1, 1, /0xED/],
    ['UTF-16 with a mark', Buffer.from('\ufeffa,b\n', 'utf16le'), 1, 1, /UTF-16/],
    ['UTF-16 without', Buffer.from('a,b\n', 'utf16le'), 1, 1, /UTF-16/],
    ['too many cells', Buffer.from(`a\n${','.repeat(rowLimits.cells)}`), 2, 1000, /1000 cells/],
  ]
  for (const [title, bytes, row, column, sentence] of faults) {
    it(`stops at ${title}, and says where it is`, () => {
      const { error } = read([bytes])
      assert.deepEqual([error?.row, error?.column], [row, column])
      assert.match(error?.message ?? '', sentence)
    })
  }

  it('holds no more than one row, whatever comes without a line break', () => {
    const chunk = Buffer.alloc(65_536, 'x')
    const parser = createCsvParser(() => assert.fail('a row'))
    parser.push(Buffer.from('a,"'))
    let pushed = 0
    assert.throws(
      () => {
        for (; pushed < 16_384; pushed++) parser.push(chunk)
      },
      (error: CsvError) =>
        error.column === 2 && /longer than 1048576.*may not be closed/.test(error.message),
    )
    assert.ok(pushed * chunk.length <= rowLimits.characters)
  })

  const tricky = fc
    .array(fc.constantFrom('a', 'é', '€', '𝄞', ',', '"', '""', '\r', '\n', '\r\n', ' ', '\0'), {
      maxLength: 40,
    })
    .map((parts) => Buffer.from(parts.join('')))
  const broken = fc
    .tuple(tricky, fc.uint8Array({ maxLength: 4 }), tricky)
    .map((parts) => Buffer.concat(parts))

  it('gives the same however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.oneof(tricky, broken), (bytes) => {
        const whole = read([bytes])
        assert.deepEqual(read([...bytes].map((byte) => Uint8Array.of(byte))), whole)
        for (let cut = 0; cut <= bytes.length; cut++) {
          assert.deepEqual(read([bytes.subarray(0, cut), bytes.subarray(cut)]), whole)
        }
      }),
      { numRuns: sized(300, 5000) },
    )
  })

  it('reads what the writer writes', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 8 })
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text, text), { maxLength: 8 }), (rows) => {
        const writer = createCsvWriter(['a', 'b', 'c'], {
          byteOrderMark: true,
          delimiter: ',',
          formulaSafe: false,
        })
        const bytes = Buffer.concat([writer.write(rows), writer.end()])
        assert.deepEqual(cells(bytes), [['a', 'b', 'c'], ...rows])
      }),
      { numRuns: sized(300, 5000) },
    )
  })
})
