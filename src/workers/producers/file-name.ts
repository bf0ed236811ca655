import type { FileName } from '../../define-config.ts'

/** Can a customer save a file under it? No folders, no control characters, at most 255 bytes. */
export function isFileName(name: string): boolean {
  const bytes = Buffer.byteLength(name)
  const special = name === '' || name === '.' || name === '..'
  return !special && bytes <= 255 && !/[/\\\p{Cc}]/u.test(name)
}

/**
 * The name of a file for one request.
 * @throws Error when the config's function makes one that is none
 */
export function nameFile(fileName: FileName, info: unknown): string {
  if (typeof fileName === 'string') return fileName
  const name: unknown = fileName(info)
  if (typeof name === 'string' && isFileName(name)) return name
  throw new Error(`The file's name came out as ${JSON.stringify(name)}, which is no file name.`)
}
