/** Whether a file is wanted, by its path below the target folder. */
export type PathFilter = (path: string) => boolean

/**
 * Patterns as in a shell: `*` and `?` stay within a folder, `**` does not; one without a slash is
 * about the name alone. Without `include` everything is wanted; `exclude` beats it.
 */
export function createPathFilter(
  include: readonly string[],
  exclude: readonly string[],
): PathFilter {
  const [wanted, unwanted] = [include, exclude].map((patterns) => patterns.map(toTest))
  return (path) => {
    if (unwanted?.some((test) => test(path))) return false
    return wanted === undefined || wanted.length === 0 || wanted.some((test) => test(path))
  }
}

function toTest(pattern: string): (path: string) => boolean {
  const parts = pattern.replaceAll(/\*{3,}/g, '**').matchAll(/\*\*\/?|\*|\?|[^*?]+/g)
  const source = [...parts].map(([part]) => {
    if (part === '**/') return '(?:.*/)?'
    if (part === '**') return '.*'
    if (part === '*') return '[^/]*'
    return part === '?' ? '[^/]' : part.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
  })
  const expression = new RegExp(`^${source.join('')}$`, 'iu')
  if (pattern.includes('/')) return (path) => expression.test(path)
  return (path) => expression.test(path.slice(path.lastIndexOf('/') + 1))
}
