/**
 * The preferences of a request (RFC 7240 §2), by their names in lower case; of a name that comes
 * twice the first one counts. What cannot be read is passed over, because preferences are only wishes.
 */
function parsePreferences(
  field: string | readonly string[] | undefined,
): ReadonlyMap<string, string> {
  const preferences = new Map<string, string>()
  const text = typeof field === 'string' ? field : (field ?? []).join(',')
  for (const part of text.slice(0, 4000).split(',')) {
    // A preference's own parameters, after the semicolon, mean nothing to any that is known here.
    const match = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:=\s*"?([^";]*?)"?\s*)?(?:;.*)?$/.exec(
      part,
    )
    const name = match?.[1]?.toLowerCase()
    if (name !== undefined && !preferences.has(name)) preferences.set(name, match?.[2] ?? '')
  }
  return preferences
}

/** How many whole seconds the client wants to wait (RFC 7240 §4.3), at most `most`; null when it does not say. */
export function waitPreference(
  field: string | readonly string[] | undefined,
  most: number,
): number | null {
  const wait = parsePreferences(field).get('wait')
  return wait !== undefined && /^\d{1,9}$/.test(wait) ? Math.min(Number(wait), most) : null
}
