/**
 * Can a text be the name of a file: 1 to 255 characters without slashes of either kind or control
 * characters, and neither "." nor ".."? Studies have a rule of their own, which lets a backslash be.
 */
export function isFileName(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text !== '.' && text !== '..' && /^[^\x00-\x1f\x7f/\\]{1,255}$/.test(text)
}
