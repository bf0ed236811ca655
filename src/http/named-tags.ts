import type { IncomingHttpHeaders } from 'node:http'
import { parseEntityTags } from './entity-tag.ts'

/** The entity tags that a request's conditions name, with their quotes: what it says it has seen of a thing. */
export function namedTags(headers: IncomingHttpHeaders): string[] {
  const fields = [headers['if-range'], headers['if-match'], headers['if-none-match']]
  return fields.flatMap((field) => {
    // If-Range may also be a date, which names nothing.
    const tags = typeof field === 'string' ? parseEntityTags(field) : null
    return tags === null || tags === '*' ? [] : tags.map((tag) => tag.opaque)
  })
}
