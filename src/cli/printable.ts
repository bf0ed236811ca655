/**
 * A server's text without what steers a terminal, turns the writing, ends a line or hides. What joins letters
 * or keeps them apart stays: Persian names and emoji of several parts need it.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}[\p{Cf}--[\u{ad}\u{200c}\u{200d}]]]/gv, '?')
}

/** East Asian wide characters and emoji take two columns of a terminal, marks that combine and what joins take none. */
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u

function columnsOf(character: string): number {
  if (wide.test(character)) return 2
  return /[\p{M}\u{200c}\u{200d}]/u.test(character) ? 0 : 1
}

/** As much of the beginning as fits into so many columns. */
export function fitStart(text: string, columns: number): string {
  let used = 0
  let fitting = ''
  for (const character of text) {
    used += columnsOf(character)
    if (used > columns) return fitting
    fitting += character
  }
  return fitting
}

/** As much of the end as fits into so many columns, filled up with spaces: the end tells files apart. */
export function fitEnd(text: string, columns: number): string {
  let used = 0
  let fitting = ''
  for (const character of [...text].toReversed()) {
    if (used + columnsOf(character) > columns) break
    used += columnsOf(character)
    fitting = character + fitting
  }
  return fitting + ' '.repeat(columns - used)
}
