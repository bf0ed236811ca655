import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { runMain } from '../support/run-main.ts'
import { suiteCleanup } from '../support/suite-cleanup.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

describe('claimcheck migrate', () => {
  const cleanup = suiteCleanup()
  let cwd: string
  before(async () => {
    cwd = await temporaryFolder(cleanup)
    assert.equal((await runMain(['init'], { cwd })).code, 0)
  })

  const nowhere = 'postgres://nobody@127.0.0.1:1/x'
  const wrong: [string[], number, RegExp][] = [
    [[], 2, /^Say where it goes: --to postgres:/],
    [['--to', 'sqlite:x'], 2, /^--to must be a PostgreSQL database/],
    [['--to', nowhere], 1, /nothing listens there\. Check --to\.$/],
    [['--to', nowhere, '--from', 'x'], 2, /^--from must be an embedded database/],
    [['--to', nowhere, '--objects'], 2, /^--objects needs --to-storage/],
    [['--to', nowhere, '--objects', '--to-storage', 'x:'], 2, /^--to-storage "x:" is no storage/],
    [
      ['--to', nowhere, '--objects', '--to-storage', 'file:y', '--from-storage', 'x:'],
      2,
      /^--from-storage "x:" is no storage/,
    ],
  ]
  for (const [words, code, expected] of wrong) {
    it(`names the option that is wrong: migrate ${words.join(' ')}`, async () => {
      const refused = await runMain(['migrate', ...words], { cwd })
      assert.equal(refused.code, code, refused.err)
      assert.match(refused.err.trim().split('\n').at(-1) ?? '', expected)
    })
  }
})
