import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findBreaches, loadsOfServer, readImports } from './support/architecture.ts'

const src = fileURLToPath(new URL('../src/', import.meta.url))

describe('the architecture', () => {
  it('holds in all of src/', () => {
    const paths = globSync('**/*.ts', { cwd: src })
    assert.ok(paths.length > 50)
    const sources = new Map(paths.map((path) => [path, readFileSync(src + path, 'utf8')]))
    assert.deepEqual(findBreaches(sources), [])
  })

  it('lets the commands of a customer load nothing of the server', () => {
    const paths = globSync('**/*.ts', { cwd: src })
    const sources = new Map(paths.map((path) => [path, readFileSync(src + path, 'utf8')]))
    const commands = 'get ls request wait put link verify login conformance completion'.split(' ')
    const entries = ['main.ts', 'cli/run.ts', ...commands.map((name) => `cli/${name}.ts`)]
    for (const entry of entries) assert.ok(sources.has(entry), entry)
    assert.deepEqual(loadsOfServer(sources, entries), [])
    const breaking = { 'cli/get.ts': "import './b.ts'", 'cli/b.ts': "import '../core/c.ts'" }
    const found = loadsOfServer(new Map([...Object.entries(breaking), ['core/c.ts', '']]), [
      'cli/get.ts',
    ])
    assert.deepEqual(found, ['cli/b.ts loads core/c.ts'])
  })

  const tables = 'export interface Tables {\n  jobs: JobsTable\n  grants: GrantsTable\n}'
  const breaking: [string, Record<string, string>, RegExp][] = [
    ['an import to the left', { 'core/a.ts': "import { b } from '../http/b.ts'" }, /arrows/],
    [
      'a type import to the left',
      { 'auth/a.ts': "import type { B } from '../cli/b.ts'" },
      /arrows/,
    ],
    ['a lazy import to the left', { 'http/a.ts': "await import('../server.ts')" }, /arrows/],
    ['an export to the left', { 'http/a.ts': "export { b } from '../apis/x/b.ts'" }, /arrows/],
    ['workers that use an API', { 'workers/a.ts': "import '../apis/x/b.ts'" }, /arrows/],
    ['a seam that uses the other', { 'storage/a.ts': "import '../database/b.ts'" }, /arrows/],
    [
      'a seam that uses what the core does',
      { 'storage/a.ts': "import '../core/b.ts'", 'core/b.ts': "import './c.ts'" },
      /storage\/a\.ts imports core\/b\.ts against/,
    ],
    ['a sibling API', { 'apis/x/a.ts': "import { b } from '../y/b.ts'" }, /a sibling/],
    ['a file in no layer', { 'utils/a.ts': "import 'node:fs'" }, /no layer/],
    ['a web framework in the core', { 'core/a.ts': "import Fastify from 'fastify'" }, /fastify/],
    ['HTTP in the core', { 'core/a.ts': "import type { Server } from 'node:http'" }, /node:http/],
    ['a driver in the core', { 'core/a.ts': "const pg = await import('pg')" }, /imports pg/],
    ['an engine opened elsewhere', { 'server.ts': "import './storage/disk.ts'" }, /the engine/],
    [
      'a cycle',
      {
        'core/a.ts': "import './b.ts'",
        'core/b.ts': "import('./c.ts')",
        'core/c.ts': "export * from './a.ts'",
      },
      /a cycle: core\/a\.ts → core\/b\.ts → core\/c\.ts → core\/a\.ts/,
    ],
    [
      'a cycle of types',
      { 'core/a.ts': "import { b } from './b.ts'", 'core/b.ts': "import type { A } from './a.ts'" },
      /a cycle: core\/a\.ts → core\/b\.ts → core\/a\.ts/,
    ],
    ['a second reader of the environment', { 'cli/a.ts': 'process.env.HOME' }, /environment/],
    ['one that imports it', { 'cli/a.ts': "import { env } from 'node:process'" }, /environment/],
    [
      'a client that knows the server',
      { 'client/a.ts': "import '../core/b.ts'" },
      /nothing of the/,
    ],
    ['one that shares its helpers', { 'client/a.ts': "import '../suggest.ts'" }, /nothing of the/],
    ['a server that uses the client', { 'core/a.ts': "import '../client/b.ts'" }, /arrows/],
    ['files in the part for browsers', { 'client/a.ts': "import './files/b.ts'" }, /browsers/],
    ['Node in the part for browsers', { 'client/a.ts': "import 'node:path'" }, /browsers/],
    ['an HTTP client of Node alone', { 'client/files/a.ts': "import 'undici'" }, /not every/],
    [
      'a function that promises nothing',
      { 'core/a.ts': 'export async function a(): Promise<void> {}' },
      /core\/a\.ts does not say what a promises/,
    ],
    ['a long file', { 'core/a.ts': 'a\n'.repeat(301) }, /301 lines/],
    ['an any', { 'core/a.ts': 'let a: any' }, /says any/],
    ['an array of any', { 'core/a.ts': 'let a: Map<string, any[]>' }, /says any/],
    ['a cast to any', { 'core/a.ts': 'b(a as any)' }, /says any/],
    [
      'a table with two writers',
      {
        'database/tables.ts': tables,
        'core/a.ts': "db.updateTable('jobs')",
        'core/b.ts': "db\n.deleteFrom(\n'jobs')",
      },
      /jobs is written by core\/a\.ts and core\/b\.ts/,
    ],
    [
      'a table written by hand',
      { 'database/tables.ts': tables, 'http/a.ts': 'sql`update grants set revoked_at = 1`' },
      /grants is written by http\/a\.ts, outside core/,
    ],
  ]
  for (const [title, files, expected] of breaking) {
    it(`finds ${title}`, () => {
      assert.match(findBreaches(new Map(Object.entries(files))).join('\n'), expected)
    })
  }

  it('finds nothing wrong in what is right', () => {
    const right = {
      'database/tables.ts': `import type { Clock } from '../core/clock.ts'\n${tables}`,
      'database/migrations/0001.ts': "db.insertInto('jobs'); sql`update jobs set a = 1`",
      'core/clock.ts':
        '/** At any: process.env */\nexport type Clock = () => number\n\n/** Now. */\nexport function now() {}',
      'core/jobs.ts': "import type { Tables } from '../database/tables.ts'\ndb.insertInto('jobs')",
      'apis/x/routes.ts': "import { find } from '../../core/jobs.ts'\nimport './wire.ts'",
      'open-installation.ts': "import { openDisk } from './storage/disk.ts'",
      'storage/disk.ts': "import './descriptor.ts'\nimport { E } from '../core/errors.ts'",
      'config.ts': 'process.env',
      'cli/a.ts': "const text = 'say any, or process'",
      'cli/b.ts': "import { a } from './a.ts'",
    }
    assert.deepEqual(findBreaches(new Map(Object.entries(right))), [])
  })

  it('tells imports of types from imports of values', () => {
    const text = [
      "import type { A } from './a.ts'",
      "import { type B, type C } from './b.ts'",
      "import { type D, d } from './d.ts'",
      "import e, { type E } from './e.ts'",
      "import './f.ts'",
      "import * as g from 'g'",
      "export type { H } from './h.ts'",
    ].join('\n')
    assert.deepEqual(
      readImports('core/x.ts', text).map(({ to, typeOnly }) => [to, typeOnly]),
      [
        ['core/a.ts', true],
        ['core/b.ts', true],
        ['core/d.ts', false],
        ['core/e.ts', false],
        ['core/f.ts', false],
        ['g', false],
        ['core/h.ts', true],
      ],
    )
  })
})
