/** Sixteen segments of 200 characters: below the 255 bytes of a file name and nearly all of S3's 1024 of a key. */
const grammar = /^[a-z0-9-]{1,200}(?:\/[a-z0-9-]{1,200}){0,15}$/
const maximumLength = 1000

/** Is it a key of ours: segments of `[a-z0-9-]` joined by `/`, at most 1000 characters? */
export function isObjectKey(key: string): boolean {
  return key.length <= maximumLength && grammar.test(key)
}

/** @throws Error when it is not a key; nothing else may reach a path or a URL of a store. */
export function assertObjectKey(key: string): void {
  if (isObjectKey(key)) return
  throw new Error(
    `${JSON.stringify(key.slice(0, 100))} is no object key. Keys are segments of a-z, 0-9 and "-" joined by "/".`,
  )
}

/** @throws Error when no key could begin with it. */
export function assertKeyPrefix(prefix: string): void {
  if (prefix.length <= maximumLength && /^[a-z0-9/-]*$/.test(prefix)) return
  throw new Error(`No object key begins with ${JSON.stringify(prefix.slice(0, 100))}.`)
}
