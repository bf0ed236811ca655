import { en, type TextKey, type Texts } from './texts/en.ts'
import { fr } from './texts/fr.ts'

export type { TextKey } from './texts/en.ts'
export type Language = 'en' | 'fr'

const catalogues: Record<Language, Texts> = { en, fr }
const storageKey = 'claimcheck.language'

let language: Language = firstLanguage()

export function currentLanguage(): Language {
  return language
}

/** How numbers and times are written: as in the reader's region, where that speaks the language. */
export function currentLocale(): string {
  const tag = navigator.languages.find((one) => one.slice(0, 2) === language) ?? language
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? language
  } catch {
    // A browser in a POSIX locale says "en-US@posix", which is no language tag.
    return language
  }
}

export function setLanguage(next: Language): void {
  language = next
  document.documentElement.lang = next
  try {
    localStorage.setItem(storageKey, next)
  } catch {
    // Where nothing may be kept, it lasts until the reload.
  }
}

/** A text of the catalogue; `{name}` stands for the value of that name. */
export function t(key: TextKey, values: Record<string, string | number> = {}): string {
  return fill(catalogues[language][key], values)
}

/** A text with its values where `{name}` stands for them. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))
}

/** A text with a number: its key has a twin, `…_one` and `…_other`. */
export function tn(key: CountedKey, count: number): string {
  const form = new Intl.PluralRules(language).select(count) === 'one' ? 'one' : 'other'
  return t(`${key}_${form}`, { count: count.toLocaleString(language) })
}

type CountedKey = TextKey extends infer Key
  ? Key extends `${infer Stem}_one`
    ? Stem
    : never
  : never

/** Is there a text with this key? */
export function hasText(key: string): key is TextKey {
  return Object.hasOwn(en, key)
}

function firstLanguage(): Language {
  const kept = readKept()
  const wanted = [...(kept === null ? [] : [kept]), ...navigator.languages]
  const found = wanted.map((tag) => tag.slice(0, 2)).find((tag) => tag === 'en' || tag === 'fr')
  return found === 'fr' ? 'fr' : 'en'
}

function readKept(): string | null {
  try {
    return localStorage.getItem(storageKey)
  } catch {
    return null
  }
}
