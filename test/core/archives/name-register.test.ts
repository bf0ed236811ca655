import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { NameRegister } from '../../../src/core/archives/name-register.ts'
import { safeName } from '../../../src/core/archives/safe-name.ts'
import { sized } from '../../support/size.ts'

const flat = { folders: false }
const deep = { folders: true }

describe('safeName()', () => {
  const table: [string, string, string][] = [
    ['report.csv', 'report.csv', 'report.csv'],
    ['../../etc/passwd', '__.._etc_passwd', '_/_/etc/passwd'],
    ['/etc/passwd', '_etc_passwd', 'etc/passwd'],
    ['..', '_', '_'],
    ['.', '_', '_'],
    ['', '_', '_'],
    ['...', '_', '_'],
    ['a//b', 'a__b', 'a/b'],
    ['a/./b', 'a_._b', 'a/b'],
    ['..\\..\\x', '__.._x', '__.._x'],
    ['\\\\server\\share', '__server_share', '__server_share'],
    ['C:\\x', 'C__x', 'C__x'],
    ['C:x', 'C_x', 'C_x'],
    ['CON', '_CON', '_CON'],
    ['con.txt', '_con.txt', '_con.txt'],
    ['nul .tar.gz', '_nul .tar.gz', '_nul .tar.gz'],
    ['COM1', '_COM1', '_COM1'],
    ['com¹.x', '_com¹.x', '_com¹.x'],
    ['LPT9.log', '_LPT9.log', '_LPT9.log'],
    ['console.log', 'console.log', 'console.log'],
    ['a/aux/b', 'a_aux_b', 'a/_aux/b'],
    ['name.', 'name', 'name'],
    ['name. . ', 'name', 'name'],
    [' name', 'name', 'name'],
    ['.profile', '.profile', '.profile'],
    ['a\u0000b\u001fc\u007f', 'a_b_c_', 'a_b_c_'],
    ['a\nb', 'a_b', 'a_b'],
    ['exe.\u202etxt', 'exe._txt', 'exe._txt'],
    ['a<b>|?*"', 'a_b_____', 'a_b_____'],
    ['e\u0301te\u0301', 'été', 'été'],
    ['\ud800x', '\ufffdx', '\ufffdx'],
    ['-rf', '-rf', '-rf'],
  ]
  for (const [name, inFlat, inDeep] of table) {
    it(`of ${JSON.stringify(name)}`, () => {
      assert.equal(safeName(name, flat), inFlat)
      assert.equal(safeName(name, deep), inDeep)
    })
  }

  it('is never too long, and keeps its extension', () => {
    const long = safeName(`${'x'.repeat(1000)}.tar.gz`, flat)
    assert.ok(Buffer.byteLength(long) <= 240 && long.endsWith('x.tar.gz'))
    const emoji = safeName(`${'😀'.repeat(200)}.csv`, flat)
    assert.ok(Buffer.byteLength(emoji) <= 240 && emoji.endsWith('😀.csv') && emoji.isWellFormed())
    const path = safeName(`${'folder/'.repeat(1000)}file.csv`, deep)
    assert.ok(Buffer.byteLength(path) <= 960 && path.endsWith('/folder/file.csv'))
    assert.ok(Buffer.byteLength(safeName('y'.repeat(70_000), flat)) <= 240)
  })

  it('can leave its folder on no system, whatever the name', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '..',
        '.',
        '/',
        '\\',
        ':',
        'C:',
        'CON',
        'nul',
        ' ',
        '\0',
        'é',
        'e\u0301',
        '~',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
    )
    const names = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(names, fc.boolean(), (name, folders) => {
        const safe = safeName(name, { folders })
        assert.ok(safe !== '' && safe.isWellFormed() && safe === safe.normalize('NFC'))
        assert.ok(folders || !safe.includes('/'))
        for (const segment of safe.split('/')) {
          assert.ok(segment !== '' && segment !== '.' && segment !== '..')
          assert.doesNotMatch(segment, /[\p{Cc}\\:<>"|?*]|[. ]$/u)
          assert.doesNotMatch(segment, /^(con|prn|aux|nul|com\d|lpt\d) *(\.|$)/i)
          assert.ok(Buffer.byteLength(segment) <= 242)
        }
      }),
      { numRuns: sized(2000, 100_000) },
    )
  })
})

describe('NameRegister', () => {
  const registered = (names: readonly string[], folders = false): string[] => {
    const register = new NameRegister()
    return names.map((name) => register.register(name, { folders }))
  }

  it('tells the same name apart by a number before the extension', () => {
    assert.deepEqual(registered(['a.txt', 'a.txt', 'b', 'b', 'a.txt', 'x.tar.gz', 'x.tar.gz']), [
      'a.txt',
      'a (1).txt',
      'b',
      'b (1)',
      'a (2).txt',
      'x.tar.gz',
      'x (1).tar.gz',
    ])
  })

  it('tells twins in upper and lower case apart, and in the two forms of an accent', () => {
    assert.deepEqual(
      registered(['Report.CSV', 'report.csv', 'É', 'e\u0301', 'ﬁ', 'FI', 'ß', 'SS']),
      ['Report.CSV', 'report (1).csv', 'É', 'é (1)', 'ﬁ', 'FI (1)', 'ß', 'SS (1)'],
    )
  })

  it('gives no number that a file has already', () => {
    assert.deepEqual(registered(['a (1).txt', 'a.txt', 'a.txt', 'a.txt', 'a (1).txt']), [
      'a (1).txt',
      'a.txt',
      'a (2).txt',
      'a (3).txt',
      'a (1) (1).txt',
    ])
  })

  it('never lets a name be a file and a folder', () => {
    assert.deepEqual(registered(['a', 'a/b', 'A/c', 'x/y', 'X', 'x/y/z'], true), [
      'a',
      'a (1)/b',
      'A (1)/c',
      'x/y',
      'X (1)',
      'x/y (1)/z',
    ])
  })

  it('gives any names at all places of their own', () => {
    const names = fc.array(
      fc.oneof(
        fc.constantFrom('a', 'A', 'a.b', 'a (1)', 'a (1).b', 'a/b', 'a/B', '../a', 'é', 'e\u0301'),
        fc.string({ unit: 'grapheme', maxLength: 3 }),
      ),
      { maxLength: 50 },
    )
    fc.assert(
      fc.property(names, fc.boolean(), (list, folders) => {
        const given = registered(list, folders)
        const folded = given.map((name) => name.normalize('NFC').toLowerCase())
        assert.equal(new Set(folded).size, given.length)
        const parents = new Set<string>()
        for (const name of folded) {
          const segments = name.split('/')
          for (let end = 1; end < segments.length; end++)
            parents.add(segments.slice(0, end).join('/'))
        }
        for (const name of folded) assert.ok(!parents.has(name))
      }),
      { numRuns: sized(1000, 20_000) },
    )
  })

  it('does not try all numbers again for each of many files of one name', () => {
    const register = new NameRegister()
    const count = sized(50_000, 1_000_000)
    let last = ''
    for (let index = 0; index < count; index++) last = register.register('data.csv', flat)
    assert.equal(last, `data (${count - 1}).csv`)
  })
})
