import { suggest } from '../suggest.ts'

/** Something in the config file is wrong; the message names the file and the key. */
export class ConfigFileError extends Error {
  override readonly name = 'ConfigFileError'
}

/**
 * One object of the config file, read key by key; whatever is wrong with it is said in one sentence
 * that names the file and the key.
 */
export class Entry {
  readonly #file: string
  readonly #path: string
  readonly #members: Readonly<Record<string, unknown>>

  /**
   * @param file what the file is called in messages
   * @param path where in it the object stands, `downloadTypes.communes`; empty for the whole
   * @throws ConfigFileError when it is no object
   */
  constructor(file: string, path: string, value: unknown) {
    this.#file = file
    this.#path = path
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw this.#mustBe(null, 'an object', value)
    }
    this.#members = value as Record<string, unknown>
  }

  /** Refuses keys that mean nothing, with a guess at what was meant. */
  allow(...known: readonly string[]): void {
    for (const key of Object.keys(this.#members)) {
      if (known.includes(key)) continue
      const meant = suggest(key, known)
      const hint =
        meant === null ? `the keys here are ${known.join(', ')}` : `did you mean ${meant}?`
      throw this.error(key, `is not known: ${hint}${meant === null ? '' : ''}`)
    }
  }

  keys(): string[] {
    return Object.keys(this.#members)
  }

  value(key: string): unknown {
    return this.#members[key]
  }

  entry(key: string): Entry {
    return new Entry(this.#file, this.#pathOf(key), this.#members[key])
  }

  /** A text that is not empty. */
  text(key: string): string
  text<Default extends string | null>(key: string, byDefault: Default): string | Default
  text(key: string, byDefault?: string | null): string | null {
    const value = this.#members[key]
    if (value === undefined && byDefault !== undefined) return byDefault
    if (isText(value) && value !== '') return value
    throw this.#mustBe(key, 'a text that is not empty', value)
  }

  flag(key: string, byDefault: boolean): boolean {
    const value = this.#members[key] ?? byDefault
    if (typeof value === 'boolean') return value
    throw this.#mustBe(key, 'true or false', value)
  }

  oneOf<const Word extends string>(key: string, words: readonly Word[], byDefault?: Word): Word {
    const value = this.#members[key] ?? byDefault
    const word = words.find((candidate) => candidate === value)
    if (word !== undefined) return word
    const choice = words.map((candidate) => JSON.stringify(candidate)).join(', ')
    throw this.#mustBe(key, `one of ${choice}`, value)
  }

  /** Texts, none twice; none when absent. */
  texts(key: string): readonly string[] {
    const value = this.#members[key] ?? []
    if (!Array.isArray(value) || !value.every(isText)) {
      throw this.#mustBe(key, 'a list of texts', value)
    }
    return value
  }

  names(key: string): readonly string[] {
    const names = this.texts(key)
    const twice = names.find((name, index) => names.indexOf(name) !== index)
    if (twice !== undefined) throw this.error(key, `names ${JSON.stringify(twice)} twice`)
    return names
  }

  /** What `parse` makes of the value; its null is the error "must be …". */
  parsed<T>(key: string, expects: string, parse: (value: unknown) => T | null): T {
    const parsed = parse(this.#members[key])
    if (parsed !== null) return parsed
    throw this.#mustBe(key, expects, this.#members[key])
  }

  /** The error for a key, or for the whole object when it is null. */
  error(key: string | null, wrong: string, cause?: unknown): ConfigFileError {
    const path = key === null ? this.#path : this.#pathOf(key)
    const subject = path === '' ? 'the default export' : path
    const end = /[.?!]$/.test(wrong) ? '' : '.'
    return new ConfigFileError(`${this.#file}: ${subject} ${wrong}${end}`, { cause })
  }

  #mustBe(key: string | null, expects: string, value: unknown): ConfigFileError {
    if (value === undefined) return this.error(key, `is missing; it must be ${expects}`)
    return this.error(key, `must be ${expects}, not ${describe(value)}`)
  }

  #pathOf(key: string): string {
    const plain = /^[A-Za-z_$][\w$-]*$/.test(key)
    if (plain) return this.#path === '' ? key : `${this.#path}.${key}`
    return `${this.#path}[${JSON.stringify(key)}]`
  }
}

/** No text with a NUL reaches a system call whole. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0')
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object') return 'an object'
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return shown.length > 60 ? `${shown.slice(0, 57)}…` : shown
}
