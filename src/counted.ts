/** `1 file`, `2 files`. */
export function counted(count: number, noun: string): string {
  return `${count} ${nounAfter(count, noun)}`
}

/** The noun as it stands after a count: `file` after 1, else `files`. */
export function nounAfter(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`
}
