import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Type } from 'typebox'
import { ConfigFileError } from '../../src/config-file/entry.ts'
import { command, module, query, worker } from '../../src/define-config.ts'
import { loadConfigFile, readConfig } from '../../src/load-config.ts'
import { loadText } from '../support/config-file.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const place = { file: 'claimcheck.config.ts', folder: '/srv/claimcheck', environment: {} }
const csv = { name: 'a.csv', format: 'csv' } as const
const select = { source: 'sqlite:a.sqlite', sql: 'select 1 as a', file: csv } as const

/** The sentence with which a config is refused. */
async function refusal(config: unknown): Promise<string> {
  try {
    await readConfig(config, place)
  } catch (error) {
    assert.ok(error instanceof ConfigFileError, String(error))
    assert.match(error.message, /^claimcheck\.config\.ts: [^\n]+[.?]$/)
    return error.message.slice('claimcheck.config.ts: '.length)
  }
  throw new Error('It was not refused.')
}

function refusalOfType(type: unknown): Promise<string> {
  return refusal({ downloadTypes: { a: type } })
}

describe('a config file', () => {
  it('gives types their defaults', async (t) => {
    const { downloadTypes, producers } = await loadText(
      t,
      `import { defineConfig, query, worker } from 'claimcheck/config'
      export default defineConfig({ downloadTypes: {
        communes: { producer: query({ source: 'sqlite:a.sqlite', sql: 'select 1', file: { name: 'a.csv', format: 'csv' } }) },
        letters: { title: 'Letters', description: 'By hand', permission: 'letters', retention: '2 weeks', maxAttempts: 1, producer: worker() },
      } })`,
    )
    const { checkInfo, ...communes } = downloadTypes.get('communes') ?? assert.fail()
    assert.deepEqual(communes, {
      name: 'communes',
      title: 'communes',
      description: '',
      permission: 'download:communes',
      retentionSeconds: 7 * 86_400,
      infoSchema: null,
      producedBy: 'server',
      maxAttempts: 3,
    })
    assert.equal(checkInfo({ any: ['thing'] }), null)
    const letters = downloadTypes.get('letters')
    assert.equal(letters?.retentionSeconds, 14 * 86_400)
    assert.equal(letters?.producedBy, 'worker')
    assert.deepEqual([...producers.keys()], ['communes'])
  })

  it('may be JavaScript, and may configure nothing', async (t) => {
    const loaded = await loadText(t, 'export default {}', { name: 'claimcheck.config.mjs' })
    assert.equal(loaded.downloadTypes.size, 0)
    assert.equal((await loadConfigFile(null, {})).downloadTypes.size, 0)
  })

  for (const [what, text, sentence] of [
    ['is not TypeScript', '\nexport default { a: ', /it cannot be read at line 2: /],
    [
      'uses what Node cannot strip',
      'enum A { B }\nexport default {}',
      /cannot be read at line 1: .*enum/,
    ],
    ['throws', '\nthrow new Error("no luck")', /it failed when it was read at line 2: no luck\.$/],
    [
      'imports what is not there',
      'import "absent-package"',
      /it imports something that is not there: .*absent-package/,
    ],
    [
      'has no default export',
      'export const a = 1',
      /it has no default export; write "export default/,
    ],
  ] as const) {
    it(`is refused with one sentence when it ${what}`, async (t) => {
      await assert.rejects(loadText(t, text), (error: Error) => {
        assert.match(error.message, sentence)
        return error instanceof ConfigFileError && !error.message.includes('\n')
      })
    })
  }

  it('is refused when it waits for what never comes', async (t) => {
    const path = join(await temporaryFolder(t), 'claimcheck.config.ts')
    await writeFile(path, 'await new Promise(() => {})\nexport default {}')
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const loading = loadConfigFile(path, {})
    t.mock.timers.tick(30_000)
    await assert.rejects(loading, /it awaits something that has not come within 30 seconds\.$/)
  })

  it('is refused when it is not there, or is a folder', async (t) => {
    const folder = await temporaryFolder(t)
    await assert.rejects(
      loadConfigFile(join(folder, 'a.ts'), {}),
      /a\.ts: there is no such file\.$/,
    )
    await assert.rejects(loadConfigFile(folder, {}), /it is not a file\.$/)
  })

  it('takes a function that prepares files of orders, and nothing else', async () => {
    const prepareOrderFile = async () => 'available' as const
    const { prepareFile } = await readConfig({ prepareOrderFile }, place)
    assert.equal(prepareFile, prepareOrderFile)
    assert.equal((await readConfig({}, place)).prepareFile, null)
    const sentence = await refusal({ prepareOrderFile: './prepare.ts' })
    assert.match(sentence, /prepareOrderFile must be a function, not/)
  })

  it('says what was meant by an unknown key', async () => {
    assert.equal(
      await refusal({ downloadType: {} }),
      'downloadType is not known: did you mean downloadTypes?',
    )
    assert.equal(
      await refusalOfType({ retenton: 3, producer: worker() }),
      'downloadTypes.a.retenton is not known: did you mean retention?',
    )
    assert.match(
      await refusalOfType({ producer: query({ ...select, colour: 1 } as never) }),
      /^downloadTypes\.a\.producer\.colour is not known: the keys here are kind, source, /,
    )
    assert.match(
      await refusalOfType({
        producer: query({ ...select, file: { name: 'a', format: 'ndjson', delimiter: ';' } }),
      }),
      /producer\.file\.delimiter is not known/,
    )
  })

  it('names the key whose value is wrong', async () => {
    const producer = worker()
    const file = { name: 'a', mediaType: 'text/plain' }
    for (const [type, sentence] of [
      [null, 'downloadTypes.a must be an object, not null.'],
      [{}, 'downloadTypes.a.producer must be made by query(…), command(…), module(…) or worker().'],
      [{ producer: { kind: 'worker', a: 1 } }, /producer\.a is not known/],
      [
        { producer, retention: '30 moons' },
        /retention must be seconds as a number, or text such as .*, not "30 moons"\.$/,
      ],
      [{ producer, retention: 0 }, /retention must be seconds/],
      [{ producer, retention: -1 }, /retention must be seconds/],
      [{ producer, title: 3 }, 'downloadTypes.a.title must be a text that is not empty, not 3.'],
      [{ producer, permission: 'Has Spaces' }, /permission must be made of a-z/],
      [{ producer, permission: 'download:*' }, /permission must be made of a-z/],
      [
        { producer, maxAttempts: 1.5 },
        /maxAttempts must be a whole number from 1 to 100, not 1\.5\.$/,
      ],
      [{ producer, info: 3 }, 'downloadTypes.a.info must be an object, not 3.'],
      [
        { producer: query({ ...select, file: { name: '../a.csv', format: 'csv' } }) },
        /file\.name must be a file name without folders/,
      ],
      [
        { producer: query({ ...select, file: { name: 'a', format: 'pdf' as 'csv' } }) },
        /format must be one of "csv", "ndjson", "xlsx", not "pdf"\.$/,
      ],
      [
        { producer: query({ ...select, source: 'mysql://a' }) },
        /producer\.source must begin with sqlite:/,
      ],
      [
        { producer: query({ ...select, source: { env: 'GEO_URL' } }) },
        /source\.env names the environment variable GEO_URL, which is not set: set it, or write it into the settings file\.$/,
      ],
      [
        { producer: query({ ...select, sql: 'select 1; select 2' }) },
        /producer\.sql is not a query: It holds more than one/,
      ],
      [
        { producer: query({ ...select, optional: ['b'] }) },
        /optional names "b", which the SQL does not use\.$/,
      ],
      [{ producer: query({ ...select, timeout: 'soon' }) }, /timeout must be seconds/],
      [
        { producer: command({ command: '', file }) },
        /producer\.command must be a text that is not empty, not ""\.$/,
      ],
      [
        { producer: command({ command: 'a', args: [1 as never], file }) },
        /args must be a list of texts/,
      ],
      [{ producer: command({ command: 'a\0', file }) }, /command must be a text/],
      [
        { producer: command({ command: 'a', file: { name: 'a', mediaType: 'text' } }) },
        /mediaType must be a media type/,
      ],
      [
        { producer: command({ command: 'a', file: { name: 'a', mediaType: 'a/b\r\nX: y' } }) },
        /mediaType must be a media type/,
      ],
      [
        { producer: command({ command: 'a', file, environment: ['A', 'A'] }) },
        /environment names "A" twice\.$/,
      ],
      [
        { producer: command({ command: 'a', file, environment: ['CLAIMCHECK_MASTER_KEYS'] }) },
        /server's own settings never leave it/,
      ],
      [
        { producer: module({} as never) },
        /producer must have a function "produce", or a "path"\.$/,
      ],
      [{ producer: module({ path: './absent.ts' }) }, /absent\.ts/],
    ] as const) {
      const said = await refusalOfType(type).catch((error: Error) => error.message)
      if (typeof sentence === 'string') assert.equal(said, sentence)
      else assert.match(said, sentence)
    }
  })

  it('never shows a source, which may hold a password', async () => {
    const said = await refusalOfType({
      producer: query({ ...select, source: 'postgre://u:secret@h' }),
    })
    assert.doesNotMatch(said, /secret/)
  })

  it('takes only names that fit in a URL and a permission', async () => {
    for (const name of ['A', '', '-a', 'a b', 'a/b', '__proto__', 'é', 'a'.repeat(65)]) {
      const types = Object.fromEntries([[name, { producer: worker() }]])
      assert.match(await refusal({ downloadTypes: types }), /is no name for a type/, name)
    }
  })

  it('refuses an info that is no JSON Schema', async () => {
    for (const [info, reason] of [
      [{ type: 'strin' }, /info\.type must be one of/],
      [{ requierd: ['a'] }, /info has the unknown keyword "requierd"; did you mean "required"\?$/],
      [{ required: 'a' }, /info\.required must be an array\.$/],
      [{ pattern: '(' }, /info\.pattern must be text of the format "regex"/],
      [{ properties: { a: { $ref: '#/$defs/b' } } }, /its \$ref "#\/\$defs\/b" leads nowhere/],
      [[], /must be an object/],
    ] as const) {
      const said = await refusalOfType({ producer: worker(), info })
      assert.match(said, /^downloadTypes\.a\.info /)
      assert.match(said, reason)
    }
  })

  it('finds parameters that info never has, or may not have', async () => {
    const info = {
      type: 'object',
      properties: { code: { type: 'string' }, least: { type: 'integer' } },
      required: ['code'],
    }
    const producer = (sql: string, optional: string[] = []) => query({ ...select, sql, optional })
    assert.match(
      await refusalOfType({ info, producer: producer('select :cod') }),
      /sql uses :cod, but the type's info has no "cod"; did you mean :code\?$/,
    )
    assert.match(
      await refusalOfType({ info, producer: producer('select :least') }),
      /may come without it/,
    )
    const right = producer('select :code, :least', ['least'])
    await readConfig({ downloadTypes: { a: { info, producer: right } } }, place)
  })
})

describe('the check of an info', () => {
  async function check(schema: object): Promise<(info: unknown) => string | null> {
    const { downloadTypes } = await readConfig(
      { downloadTypes: { a: { info: schema, producer: worker() } } },
      place,
    )
    return downloadTypes.get('a')?.checkInfo ?? assert.fail()
  }

  it('names the place and what is wrong', async () => {
    const says = await check({
      type: 'object',
      required: ['departement'],
      additionalProperties: false,
      properties: {
        departement: { type: 'string', pattern: '^[0-9AB]{2,3}$' },
        least: { type: 'integer', minimum: 0 },
        format: { enum: ['short', 'long'] },
        lines: { type: 'array', items: { type: 'object', required: ['code'] } },
        since: { anyOf: [{ type: 'string', format: 'date' }, { type: 'null' }] },
      },
    })
    const right = { departement: '06' }
    for (const [info, sentence] of [
      [right, null],
      [{ ...right, since: null }, null],
      [null, 'info must be an object.'],
      [undefined, 'info must be an object.'],
      [{}, 'info must have "departement".'],
      [{ departement: 6 }, 'info.departement must be a string.'],
      [{ departement: 'x' }, 'info.departement must match pattern "^[0-9AB]{2,3}$".'],
      [{ ...right, leest: 1 }, 'info must not have "leest"; did you mean "least"?'],
      [{ ...right, least: 0.5 }, 'info.least must be an integer.'],
      [{ ...right, format: 'x' }, 'info.format must be one of "short", "long".'],
      [{ ...right, lines: [{ code: 1 }, {}] }, 'info.lines[1] must have "code".'],
      [{ ...right, since: 3 }, 'info.since must be a string or must be null.'],
    ] as const) {
      assert.equal(says(info), sentence)
    }
  })

  it('takes schemas by TypeBox, and keeps them as plain JSON', async () => {
    const info = Type.Object({
      kind: Type.Union([Type.Literal('a'), Type.Literal('b')]),
      n: Type.Optional(Type.Number()),
    })
    const says = await check(info)
    assert.equal(says({ kind: 'b' }), null)
    assert.equal(says({ kind: 'c' }), 'info.kind must be one of "a", "b".')
    const { downloadTypes } = await readConfig(
      { downloadTypes: { a: { info, producer: worker() } } },
      place,
    )
    assert.deepEqual(downloadTypes.get('a')?.infoSchema, JSON.parse(JSON.stringify(info)))
  })
})

describe('the examples', () => {
  for (const file of globSync('examples/*.config.ts')) {
    it(`${file} can be loaded`, async () => {
      const { downloadTypes } = await loadConfigFile(file, {})
      assert.ok(downloadTypes.size > 0)
    })
  }
})
