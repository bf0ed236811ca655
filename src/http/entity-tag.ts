/** An entity tag as a request names it (RFC 9110 §8.8.3). */
export interface EntityTag {
  readonly weak: boolean
  /** With its quotes. */
  readonly opaque: string
}

/** §8.8.3: no control characters, no space, no quote; a comma may stand inside. */
const tagPattern = /(W\/)?("[\x21\x23-\x7e\x80-\xff]*")/y
const separatorPattern = /[ \t]*(?:,[ \t]*)+|[ \t]*$/y

/**
 * The tags of If-Match or If-None-Match, `*` for any, or `null` when the field is neither (it then
 * matches nothing).
 */
export function parseEntityTags(field: string): readonly EntityTag[] | '*' | null {
  const text = field.trim()
  if (text === '*') return '*'
  const tags: EntityTag[] = []
  let position = /^[ \t,]*/.exec(text)?.[0].length ?? 0
  while (position < text.length) {
    tagPattern.lastIndex = position
    const match = tagPattern.exec(text)
    if (match?.[2] === undefined) return null
    tags.push({ weak: match[1] !== undefined, opaque: match[2] })
    separatorPattern.lastIndex = tagPattern.lastIndex
    if (separatorPattern.exec(text) === null) return null
    position = separatorPattern.lastIndex
  }
  return tags.length === 0 ? null : tags
}

/** RFC 9110 §8.8.3.2: strong comparison, for If-Match and If-Range. */
export function matchesStrongly(tag: EntityTag, etag: string): boolean {
  return !tag.weak && tag.opaque === etag
}

/** RFC 9110 §8.8.3.2: weak comparison, for If-None-Match. */
export function matchesWeakly(tag: EntityTag, etag: string): boolean {
  return tag.opaque === (etag.startsWith('W/') ? etag.slice(2) : etag)
}
