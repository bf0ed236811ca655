import { RE2JS } from 're2js'
import { DeliveryError } from '../errors.ts'

const longestPattern = 500

/**
 * A test of file names by a customer's pattern, which the whole name must match. It is RE2's syntax,
 * and matching takes time linear in the name: no pattern can hold up the server.
 * @param pattern null or an empty one matches every name
 * @throws DeliveryError `invalid` for a pattern that is none, or is too long
 */
export function compileFileNamePattern(pattern: string | null): (name: string) => boolean {
  if (pattern === null || pattern === '') return () => true
  if (pattern.length > longestPattern) {
    throw new DeliveryError(
      'invalid',
      `A file name pattern has at most ${longestPattern} characters.`,
    )
  }
  try {
    const compiled = RE2JS.compile(pattern)
    return (name) => compiled.matches(name)
  } catch (cause) {
    throw new DeliveryError(
      'invalid',
      'The file name pattern is not a regular expression in the syntax of RE2.',
      { cause },
    )
  }
}
