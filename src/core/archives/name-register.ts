import { NameCounts } from './name-counts.ts'
import { safeName, splitExtension } from './safe-name.ts'

/**
 * Gives the files of one archive their final names: safe ones, no two of which are the same file on
 * any system: not twins in upper and lower case, not in the two Unicode forms of an accent.
 */
export class NameRegister {
  readonly #files = new NameCounts()
  readonly #folders = new NameCounts()
  /** How many numbers a name has given to its twins. */
  readonly #numbers = new NameCounts()

  /** @param folders may `/` separate folders in this name? */
  register(name: string, { folders }: { folders: boolean }): string {
    const safe = safeName(name, { folders })
    const slash = safe.lastIndexOf('/')
    const path = slash < 0 ? '' : this.#registerFolders(safe.slice(0, slash).split('/'))
    return this.#registerFile(path, safe.slice(slash + 1))
  }

  /** A folder may be there already, but not where a file is. */
  #registerFolders(segments: readonly string[]): string {
    let path = ''
    for (const segment of segments) {
      let candidate = segment
      for (let number = 1; this.#files.has(fold(path + candidate)); number += 1) {
        candidate = `${segment} (${number})`
      }
      path += `${candidate}/`
      this.#folders.next(fold(path.slice(0, -1)))
    }
    return path
  }

  #registerFile(path: string, name: string): string {
    const folded = fold(path + name)
    const { stem, extension } = splitExtension(name)
    let candidate = name
    for (;;) {
      const key = candidate === name ? folded : fold(path + candidate)
      if (!this.#files.has(key) && !this.#folders.has(key)) {
        this.#files.next(key)
        return path + candidate
      }
      candidate = `${stem} (${this.#numbers.next(folded) + 1})${extension}`
    }
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII has one form.
const ascii = /^[\x00-\x7f]*$/

/** The same for names that some file system takes for one: APFS, NTFS, exFAT. */
function fold(name: string): string {
  if (ascii.test(name)) return name.toLowerCase()
  return name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC')
}
