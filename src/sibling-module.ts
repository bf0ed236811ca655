/**
 * The URL of a module beside another one, for worker threads and child processes. From a clone it
 * is TypeScript, in the published package JavaScript; imports are rewritten by the compiler, such
 * URLs are not.
 */
export function siblingModule(importMetaUrl: string, name: string): URL {
  const extension = importMetaUrl.endsWith('.ts') ? '.ts' : '.js'
  return new URL(`./${name}${extension}`, importMetaUrl)
}
