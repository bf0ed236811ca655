/** The name of the entry that says what is missing. */
export const NOTICE_NAME = 'NOTICE.txt'

/** So many are named; the rest is counted. */
const NAMED = 10_000

/** What is said of the files that could not be put into an archive. */
export interface Notice {
  readonly count: number
  add(name: string, reason: string): void
  /** `null` when nothing is missing. */
  text(): string | null
}

/** A notice of nothing yet. */
export function createNotice(): Notice {
  const lines: string[] = []
  let count = 0
  return {
    get count() {
      return count
    },
    add(name, reason) {
      count += 1
      if (count <= NAMED) lines.push(`${oneLine(name)}: ${oneLine(reason)}`)
    },
    text() {
      if (count === 0) return null
      const head =
        count === 1
          ? 'One file could not be put into this archive:'
          : `${count} files could not be put into this archive:`
      const more = count > NAMED ? [`… and ${count - NAMED} more.`] : []
      // Windows' own editor joins lines without a carriage return.
      return `${[head, '', ...lines, ...more].join('\r\n')}\r\n`
    },
  }
}

/** A name must not be able to write lines of its own. */
function oneLine(text: string): string {
  return text.toWellFormed().replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
}
