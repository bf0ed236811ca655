import type { CellKind, Column } from './import-templates.ts'

/** A field of a roster entry. */
export type RosterValue =
  | string
  | number
  | boolean
  | readonly string[]
  | Readonly<Record<string, unknown>>

export interface ReadCell {
  /** Null takes the field away. */
  readonly value: RosterValue | null
  /** What to tell beside doing it. */
  readonly warning?: string
}

/** What is wrong with a cell, to stand after the name of its column. */
export interface CellProblem {
  readonly problem: string
}

/**
 * Reads one cell by the rules of its column. Spaces around a value do not count, but in passwords.
 * A password comes back as it is: who calls must hash it before it goes anywhere.
 */
export function readCell(column: Column, text: string): ReadCell | CellProblem {
  if (text.includes('\0')) return { problem: 'has a NUL character' }
  const trimmed = text.trim()
  if (trimmed !== '') return readers[column.kind](column.kind === 'password' ? text : trimmed)
  if (column.mandatory) return { problem: 'is mandatory and must not be empty' }
  // "If left empty, the default value is Active (TRUE)."
  return { value: column.kind === 'active' ? true : null }
}

type Reader = (text: string) => ReadCell | CellProblem

const readers: Record<CellKind, Reader> = {
  key: (text) => {
    if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)) return { problem: 'has control characters' }
    return upTo(255, text.normalize('NFC'))
  },
  name: (text) => upTo(1000, text),
  text: (text) => upTo(10_000, text),
  password: readPassword,
  email: (text) =>
    /^[^\s@]+@[^\s@]+$/.test(text) ? upTo(320, text) : { problem: 'is no e-mail address' },
  language: (text) =>
    /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$/.test(text)
      ? { value: text }
      : { problem: 'is no language tag like en-US' },
  active: readActive,
  roles: readRoles,
  json: readJson,
  list: (text) => ({
    value: text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
  }),
  date: readDate,
  timezone: (text) =>
    isTimezone(text) ? { value: text } : { problem: 'is no time zone like Europe/Warsaw' },
}

function upTo(longest: number, text: string): ReadCell | CellProblem {
  return text.length > longest
    ? { problem: `is longer than ${longest} characters` }
    : { value: text }
}

/** "At least one upper case, one lower case, and a special character", 8 characters long. */
function readPassword(text: string): ReadCell | CellProblem {
  const length = [...text].length
  const isRight =
    length >= 8 && /\p{Lu}/u.test(text) && /\p{Ll}/u.test(text) && /[^\p{L}\p{N}\s]/u.test(text)
  if (!isRight) {
    return {
      problem: 'has fewer than 8 characters, or lacks an upper case, lower case or special one',
    }
  }
  if (length > 200 || /[\p{Cc}\p{Cs}]/u.test(text)) {
    return { problem: 'has more than 200 characters, or control characters' }
  }
  return { value: text }
}

function readActive(text: string): ReadCell | CellProblem {
  if (/^true$/i.test(text)) return { value: true }
  if (/^false$/i.test(text)) return { value: false }
  if (text !== '1' && text !== '0') return { problem: 'is neither TRUE nor FALSE' }
  const value = text === '1'
  return { value, warning: `"${text}" was taken for ${value ? 'TRUE' : 'FALSE'}` }
}

/** The vendor lists no closed set of roles: each that is spelled like one is taken. */
function readRoles(text: string): ReadCell | CellProblem {
  const roles = text.split('|').map((role) => role.trim())
  const wrong = roles.find((role) => !/^[A-Z][A-Z_]{0,99}$/.test(role))
  if (wrong === undefined) return { value: [...new Set(roles)] }
  return { problem: 'is no list of roles like CONTENT_CREATOR|GROUP_CREATOR' }
}

function readJson(text: string): ReadCell | CellProblem {
  if (text.length > 10_000) return { problem: 'is longer than 10000 characters' }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      // A NUL that JSON spells out cannot be stored either.
      return text.includes('\\u0000')
        ? { problem: 'has a NUL character' }
        : { value: value as Record<string, unknown> }
    }
  } catch {
    // Told below.
  }
  return { problem: 'is no JSON object like {"google": "user-id"}' }
}

/** The vendor's own samples have months and days of one digit, too. */
function readDate(text: string): ReadCell | CellProblem {
  const match = /^(\d{4})-(\d{1,2})-(\d{1,2})T(\d{2}:\d{2}:\d{2})Z$/.exec(text)
  const [, year = '', month = '', day = '', time = ''] = match ?? []
  const full = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}T${time}Z`
  const date = new Date(full)
  const isReal =
    match !== null &&
    !Number.isNaN(date.getTime()) &&
    date.toISOString().startsWith(full.slice(0, -1))
  return isReal ? { value: full } : { problem: 'is no date like 2023-01-01T12:00:00Z' }
}

const timezones = new Map<string, boolean>()

function isTimezone(name: string): boolean {
  const known = timezones.get(name)
  if (known !== undefined) return known
  const is = tryTimezone(name)
  if (timezones.size < 1000) timezones.set(name, is)
  return is
}

function tryTimezone(name: string): boolean {
  // Offsets like "+02:00" are no zones.
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
