/** A text for an element or an attribute of XML, and of HTML. */
export function escapeXml(text: string): string {
  return (
    text
      .toWellFormed()
      // XML 1.0 §2.2 has no way to write these at all.
      .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
      .replace(/[&<>"']/g, (character) => entities[character] ?? '')
      // A parser would turn it into a line feed (XML 1.0 §2.11).
      .replaceAll('\r', '&#13;')
  )
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}
