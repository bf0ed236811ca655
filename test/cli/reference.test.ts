import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { commandReference, settingsReference } from '../support/reference.ts'

const docs = new URL('../../docs/', import.meta.url)

describe('the reference pages', () => {
  it('list every setting as the program knows it (else: npm run docs)', async () => {
    assert.equal(await readFile(new URL('settings.md', docs), 'utf8'), settingsReference())
  })

  it('explain every command as --help does (else: npm run docs)', async () => {
    assert.equal(await readFile(new URL('command-line.md', docs), 'utf8'), await commandReference())
  })
})
