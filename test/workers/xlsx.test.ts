import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Cell, Row } from '../../src/workers/writers/row-writer.ts'
import { createXlsxWriter, type XlsxOptions } from '../../src/workers/writers/xlsx.ts'
import { sized } from '../support/size.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { readZipParts } from '../support/zip-parts.ts'

function book(
  columns: readonly string[],
  rows: readonly Row[],
  options: Partial<XlsxOptions> = {},
) {
  const writer = createXlsxWriter(columns, { sheet: 'rows', ...options })
  const bytes = Buffer.concat([writer.write(rows), writer.end()])
  const parts = readZipParts(bytes)
  const part = (name: string) => parts.get(name)?.toString('utf8') ?? ''
  const sheet = (number: number) => part(`xl/worksheets/sheet${number}.xml`)
  return { bytes, parts, part, sheet }
}

/** The XML of one cell. */
function cellXml(cell: Cell): string {
  return /<row r="2">(.*?)<\/row>/su.exec(book(['a'], [[cell]]).sheet(1))?.[1] ?? ''
}

/** What a spreadsheet program reads in a text cell (ECMA-376 §22.9.2.19, XML 1.0 §2.11). */
function readText(xml: string): string {
  const text = /<t[^>]*>(.*)<\/t>/su.exec(xml)?.[1] ?? ''
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replace(/_x([\dA-F]{4})_/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
}

describe('XLSX', () => {
  it('writes each kind of value as the cell that it is, and never a formula', () => {
    for (const [cell, xml] of [
      [null, ''],
      [12.5, '<c r="A2"><v>12.5</v></c>'],
      [true, '<c r="A2" t="b"><v>1</v></c>'],
      ['a & b', '<c r="A2" t="inlineStr"><is><t>a &amp; b</t></is></c>'],
      [' a', '<c r="A2" t="inlineStr"><is><t xml:space="preserve"> a</t></is></c>'],
      ['=1+1', '<c r="A2" t="inlineStr" s="2"><is><t>=1+1</t></is></c>'],
      [{ decimal: '-12.50' }, '<c r="A2"><v>-12.50</v></c>'],
      [{ time: '2026-11-21' }, '<c r="A2" s="3"><v>46347</v></c>'],
      [{ time: '2026-11-21T12:00:00Z' }, '<c r="A2" s="4"><v>46347.5</v></c>'],
      [{ time: '1850-01-01' }, '<c r="A2" t="inlineStr"><is><t>1850-01-01</t></is></c>'],
      [1e21, '<c r="A2"><v>1e+21</v></c>'],
    ] as const) {
      assert.equal(cellXml(cell), xml)
    }
  })

  it('keeps all digits of a number that a spreadsheet would round', () => {
    for (const cell of [9007199254740993n, 1234567890123456, { decimal: '1234567890.1234567' }]) {
      assert.match(cellXml(cell), /t="inlineStr"/)
    }
    assert.match(cellXml(Number.NaN), /<t>NaN<\/t>/)
  })

  it('holds any text, also what XML cannot hold', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string({
            unit: fc.constantFrom(
              '_',
              'x',
              '0',
              '1',
              '\u0000',
              '\r',
              '\ud800',
              '\uffff',
              '<',
              ']]>',
            ),
          }),
        ),
        (text) => {
          const xml = cellXml(text)
          assert.equal(readText(xml), text)
          assert.equal(Buffer.from(xml).toString(), xml.toWellFormed())
        },
      ),
      { numRuns: sized(200, 5000) },
    )
    assert.match(cellXml('_x0041_'), /<t>_x005F_x0041_<\/t>/)
  })

  it('cuts a text that is longer than a cell, and says so in it', () => {
    const text = readText(cellXml('x'.repeat(40_000)))
    assert.equal(text.length, 32_767)
    assert.ok(text.endsWith('x … [cut; 40000 characters]'))
    assert.equal(readText(cellXml('x'.repeat(32_767))).length, 32_767)
  })

  it('goes on in a further sheet when one is full, under the same header', () => {
    const rows = Array.from({ length: 5 }, (_, index) => [index])
    const { part, sheet } = book(['n'], rows, { rowsPerSheet: 3, sheet: 'communes' })
    assert.match(
      part('xl/workbook.xml'),
      /name="communes".*name="communes \(2\)".*name="communes \(3\)"/,
    )
    assert.match(part('[Content_Types].xml'), /sheet3\.xml/)
    for (const [number, values] of [
      [1, [0, 1]],
      [2, [2, 3]],
      [3, [4]],
    ] as const) {
      assert.match(sheet(number), /<row r="1"><c r="A1" t="inlineStr" s="1"><is><t>n<\/t>/)
      const found = [...sheet(number).matchAll(/<v>(\d+)<\/v>/g)].map(([, value]) => Number(value))
      assert.deepEqual(found, values)
    }
  })

  it('exactly fills the last row before it begins a sheet', () => {
    const { parts } = book(['n'], [[1], [2]], { rowsPerSheet: 3 })
    assert.equal([...parts.keys()].filter((name) => name.includes('sheets/')).length, 1)
  })

  it('names its sheet as a sheet may be called', () => {
    for (const [wanted, name] of [
      ["'a[1]:b/c\\d?*'", 'a 1  b c d'],
      ['', 'Sheet1'],
      ['History', 'Sheet1'],
      ['x'.repeat(40), 'x'.repeat(31)],
      ['R&D "1"', 'R&amp;D &quot;1&quot;'],
    ] as const) {
      assert.ok(
        book(['n'], [], { sheet: wanted }).part('xl/workbook.xml').includes(`name="${name}" `),
        wanted,
      )
    }
  })

  it('holds the header alone when there are no rows', () => {
    const { sheet } = book(['code', '=name'], [])
    assert.match(sheet(1), /<sheetData><row r="1">.*code.*=name.*<\/row><\/sheetData>/)
    assert.doesNotMatch(sheet(1), /<f>/)
  })

  it('refuses more columns than a sheet has', () => {
    const names = Array.from({ length: 16_385 }, (_, index) => `c${index}`)
    assert.throws(
      () => createXlsxWriter(names, { sheet: 'a' }),
      /16385 columns; a sheet holds 16384/,
    )
    assert.match(book(names.slice(1), []).sheet(1), /r="XFD1"/)
  })

  it('is compressed as it goes: what it holds back does not grow', () => {
    const writer = createXlsxWriter(['n', 'text'], { sheet: 'rows' })
    const count = sized(60, 1200)
    let bytes = 0
    for (let batch = 0; batch < count; batch++) {
      const rows = Array.from({ length: 1000 }, (_, index) => [
        batch * 1000 + index,
        `row ${index}`,
      ])
      bytes += writer.write(rows).length
    }
    const last = writer.end().length
    assert.ok(last < 100_000 && bytes > last, `${bytes} bytes before the end, ${last} at the end`)
  })

  it('is read by another reader of ZIP and XML', async (t) => {
    const path = join(await temporaryFolder(t), 'book.xlsx')
    const rows = [
      ['Nîmes <&>', 1, true, { time: '2026-11-21' }],
      ['\u0001\ud800', null, false, -2.5],
    ] as Row[]
    await writeFile(path, book(['a', 'b', 'c', 'd'], rows).bytes)
    const script = `
import sys, json, zipfile, xml.etree.ElementTree as tree
book = zipfile.ZipFile(sys.argv[1])
assert book.testzip() is None
for name in book.namelist(): tree.fromstring(book.read(name))
main = '{http://schemas.openxmlformats.org/spreadsheetml/2006/main}'
sheet = tree.fromstring(book.read('xl/worksheets/sheet1.xml'))
print(json.dumps([[''.join(cell.itertext()) for cell in row] for row in sheet.iter(main + 'row')]))`
    const python = spawnSync('python3', ['-c', script, path], { encoding: 'utf8' })
    if (python.error) return t.skip('python3 is not installed')
    assert.equal(python.stderr, '')
    assert.deepEqual(JSON.parse(python.stdout), [
      ['a', 'b', 'c', 'd'],
      ['Nîmes <&>', '1', '1', '46347'],
      ['_x0001__xD800_', '0', '-2.5'],
    ])
  })
})
