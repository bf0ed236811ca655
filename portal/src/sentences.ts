import { phrases, schemaPhrases, sentences } from './texts/sentences-fr.ts'
import { currentLanguage, fill, type Language } from './texts.ts'

/**
 * What the server said, in the reader's language: as a whole, or sentence by sentence. Null where the
 * catalogue does not know it; it has the server's own words, not those of download types.
 */
export function translated(said: string): string | null {
  const catalogue = catalogues[currentLanguage()]
  if (catalogue === null) return said
  const whole = catalogue.find(said)
  if (whole !== null) return whole
  const parts = said.split(/(?<=[.!?]) (?=["\p{L}])/u)
  const known = parts.map((part) => catalogue.find(part))
  if (parts.length < 2 || known.every((part) => part === null)) return null
  return known.map((part, index) => part ?? parts[index]).join(' ')
}

/** The same, in the server's words where there are no others. */
export function inWords(said: string): string {
  return translated(said) ?? said
}

interface Catalogue {
  find(said: string): string | null
}

const catalogues: Record<Language, Catalogue | null> = {
  en: null,
  fr: createCatalogue(sentences, createCatalogue({ ...phrases, ...schemaPhrases }, null)),
}

/** The values that are words of ours; all others are names, numbers and what people wrote. */
const worded = new Set('problem place hint what noun state status from to unit'.split(' '))

const decisive = new Set(['problem', 'unit'])

function createCatalogue(
  texts: Readonly<Record<string, string>>,
  inner: Catalogue | null,
): Catalogue {
  const patterns = Object.entries(texts)
    .filter(([said]) => said.includes('{'))
    .map(([said, text]) => ({ pattern: toPattern(said), text }))
  const catalogue: Catalogue = {
    find(said) {
      const exact = Object.hasOwn(texts, said) ? texts[said] : undefined
      if (exact !== undefined) return exact
      for (const { pattern, text } of patterns) {
        const values = pattern.exec(said)?.groups
        if (values === undefined) continue
        const words = Object.entries(values).map(([name, value]) => {
          return [name, worded.has(name) ? (inner ?? catalogue).find(value) : value] as const
        })
        // Anything might be followed by a problem or a unit: it is one only where its words are known.
        if (words.some(([name, word]) => decisive.has(name) && word === null)) continue
        return fill(
          text,
          Object.fromEntries(words.map(([name, word]) => [name, word ?? values[name] ?? ''])),
        )
      }
      return inner?.find(said) ?? null
    },
  }
  return catalogue
}

/** `The job {number} …` as an expression with a group of that name. */
function toPattern(said: string): RegExp {
  const escaped = said.replaceAll(/[\\^$.*+?()[\]|]/g, '\\$&')
  return new RegExp(`^${escaped.replaceAll(/\{(\w+)\}/g, '(?<$1>.+?)')}$`)
}
