import { DeliveryError } from '../errors.ts'
import { checkMediaType } from '../media-type.ts'

/**
 * Refuses a file that cannot stand in a study, whatever its bytes are: every way in asks this before
 * the first of them.
 * @throws DeliveryError `invalid` for a name, segment or media type that cannot be
 */
export function checkStudyFile(file: {
  name: string
  segment?: string | undefined
  mediaType?: string | undefined
}): void {
  checkName(file.name, 'name')
  if (file.segment !== undefined) checkName(file.segment, 'segment')
  if (file.mediaType !== undefined) checkMediaType(file.mediaType)
}

function checkName(name: string, field: 'name' | 'segment'): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  const possible = name !== '.' && name !== '..' && /^[^\x00-\x1f\x7f/]{1,255}$/u.test(name)
  if (possible && name.isWellFormed()) return
  throw new DeliveryError(
    'invalid',
    `A file's ${field} has 1 to 255 characters without slashes or control characters, and is not "." or "..".`,
    { details: { field } },
  )
}
