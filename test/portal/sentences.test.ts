import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { en } from '../../portal/src/texts/en.ts'
import { phrases, schemaPhrases, sentences } from '../../portal/src/texts/sentences-fr.ts'
import { problems } from '../../src/apis/v1/errors.ts'

const source = fileURLToPath(new URL('../../src/', import.meta.url))

describe("the server's sentences in French", () => {
  it('are each said by the server', () => {
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    const said = files
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(`${source}${name}`, 'utf8'))
      .flatMap((text) => [text, withoutValues(text)])
      .join('\n')
    const gone = Object.keys({ ...sentences, ...phrases }).filter(
      (sentence) => !said.includes(sentence.replaceAll(/\{\w+\}/g, '{}')),
    )
    assert.deepEqual(gone, [])
  })

  it('have the words of the library that checks requests', () => {
    const path = createRequire(import.meta.url).resolve('typebox')
    const folder = path.slice(0, path.indexOf('typebox') + 'typebox'.length)
    const locale = readFileSync(`${folder}/build/system/locale/en_US.mjs`, 'utf8')
    const said = withoutValues(locale)
    const gone = Object.keys(schemaPhrases).filter(
      (phrase) => !said.includes(phrase.replaceAll(/\{\w+\}/g, '{}')),
    )
    assert.deepEqual(gone, [])
  })

  it('fill in what they leave open, and nothing else', () => {
    for (const [said, text] of Object.entries({ ...sentences, ...phrases, ...schemaPhrases })) {
      const names = placesIn(said)
      const unknown = placesIn(text).filter((name) => !names.includes(name))
      assert.deepEqual(unknown, [], said)
      assert.equal(new Set(names).size, names.length, said)
    }
  })
})

describe('the texts of the portal', () => {
  it('say of every refusal that a page can meet what it is and what to do', () => {
    // Of these the portal sends no requests: it has no keys of its own, and holds no jobs.
    const met = Object.keys(problems).filter(
      (code) => !/^(idempotency|precondition|lease|method|unsupported|not_yours)/.test(code),
    )
    const lacking = met.filter((code) => !(`error_${code}` in en && `error_${code}_next` in en))
    assert.deepEqual(lacking, [])
  })
})

/** Source whose template literals have `{}` for each value, and quotes without escapes. */
function withoutValues(text: string): string {
  return text.replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '{}').replaceAll(/\\(['"`])/g, '$1')
}

function placesIn(text: string): string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
}
