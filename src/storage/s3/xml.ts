/** The texts of all elements of a name, in order; a store's answers nest none in one of the same name. */
export function readElements(xml: string, name: string): string[] {
  const pattern = new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, 'g')
  return [...xml.matchAll(pattern)].map(([, text = '']) => text)
}

/** The text of the first element of a name, with its entities put back; null when there is none. */
export function readElement(xml: string, name: string): string | null {
  const text = readElements(xml, name)[0]
  return text === undefined ? null : decode(text)
}

/** Text as it may stand in an element. */
export function encodeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}

const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
}

function decode(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return named[name] ?? whole
    return String.fromCodePoint(
      decimal === undefined ? Number.parseInt(hex, 16) : Number.parseInt(decimal, 10),
    )
  })
}
