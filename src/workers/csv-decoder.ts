/** Bytes to text, piece by piece. */
export interface CsvDecoder {
  push(bytes: Uint8Array): void
  end(): void
}

/**
 * Decodes UTF-8 strictly, without the byte order mark that it may begin with.
 * @param onText is given the text, at most a piece for each `push` and `end`; what stands before a
 *   wrong byte comes before the error
 * @param errorOf makes the error that is thrown out of a sentence
 */
export function createCsvDecoder(
  onText: (text: string) => void,
  errorOf: (sentence: string) => Error,
): CsvDecoder {
  let carry: Uint8Array = new Uint8Array()
  let begun = false

  function decode(bytes: Uint8Array): void {
    const fault = firstFault(bytes)
    const right = fault === null ? bytes : bytes.subarray(0, fault)
    onText(new TextDecoder('utf-8', { ignoreBOM: true }).decode(right))
    if (fault !== null) throw errorOf(faultSentence(bytes[fault] ?? 0))
  }

  return {
    push(bytes) {
      let all = carry.length === 0 ? bytes : Buffer.concat([carry, bytes])
      if (!begun) {
        carry = Uint8Array.from(all)
        if (all.length < 4) return
        begun = true
        all = withoutMark(all, errorOf)
      }
      const cut = all.length - unfinished(all)
      carry = Uint8Array.from(all.subarray(cut))
      decode(all.subarray(0, cut))
    },
    end() {
      decode(begun ? carry : withoutMark(carry, errorOf))
    },
  }
}

function withoutMark(bytes: Uint8Array, errorOf: (sentence: string) => Error): Uint8Array {
  const [a, b, c] = bytes
  const isUtf16 =
    (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) || (a === 0) !== (b === 0)
  if (bytes.length >= 2 && isUtf16) {
    throw errorOf('The file is in UTF-16. Save it as UTF-8 ("CSV UTF-8" in a spreadsheet).')
  }
  return a === 0xef && b === 0xbb && c === 0xbf ? bytes.subarray(3) : bytes
}

/** How many bytes at the end begin a character that is not whole yet. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if ((byte & 0xc0) === 0x80) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return length > back ? back : 0
  }
  return 0
}

/** Where the first byte stands that is no UTF-8; null when all are. */
function firstFault(bytes: Uint8Array): number | null {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return null
  } catch {
    // A slow look, and only once in a file.
    let whole = 0
    while (whole < bytes.length) {
      const length = characterLength(bytes, whole)
      if (length === 0) return whole
      whole += length
    }
    return null
  }
}

function characterLength(bytes: Uint8Array, at: number): number {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    try {
      decoder.decode(bytes.subarray(at, at + length))
      return length
    } catch {
      // Too short yet, or wrong.
    }
  }
  return 0
}

function faultSentence(byte: number): string {
  const hex = byte.toString(16).toUpperCase().padStart(2, '0')
  const meant = new TextDecoder('windows-1252').decode(Uint8Array.of(byte))
  const guess = /\p{L}|\p{P}|\p{S}/u.test(meant)
    ? ` In Windows-1252 (Latin-1) it would be "${meant}".`
    : ''
  return `The byte 0x${hex} here is not UTF-8.${guess} Save the file as UTF-8 ("CSV UTF-8" in a spreadsheet).`
}
