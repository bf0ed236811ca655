/** Names for the statements that the server keeps prepared on each connection. */
export interface Statements {
  /** The name of a statement, the same for the same text; null for one that is not worth keeping. */
  nameOf(text: string): string | null
}

/** Longer ones are lists of values, and seldom the same twice. */
const LONGEST = 2000
/** Each connection keeps all of them, at some 20 KB each. */
const MOST = 300

/**
 * Planning a look-up by an index takes the server longer than running it: without, the claim of a job
 * and its end cost it 1.6 times the processor time.
 */
export function createStatements(): Statements {
  const names = new Map<string, string>()
  return {
    nameOf(text) {
      const known = names.get(text)
      if (known !== undefined) return known
      if (names.size >= MOST || text.length > LONGEST) return null
      const name = `s${names.size}`
      names.set(text, name)
      return name
    },
  }
}
