import { DeliveryError } from './errors.ts'

const byExtension: Record<string, string> = {
  csv: 'text/csv',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  gif: 'image/gif',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  json: 'application/json',
  pdf: 'application/pdf',
  png: 'image/png',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  txt: 'text/plain',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  zip: 'application/zip',
}

/** The media type that a document's name promises; `application/octet-stream` for none that is known. */
export function mediaTypeOfName(name: string): string {
  const extension = /\.([A-Za-z0-9]{1,8})$/.exec(name)?.[1]?.toLowerCase() ?? ''
  return Object.hasOwn(byExtension, extension)
    ? (byExtension[extension] ?? '')
    : 'application/octet-stream'
}

const token = "[A-Za-z0-9!#$%&'*+.^_`|~-]+"
const mediaType = new RegExp(`^${token}/${token}[\\t ]*(?:;[\\t\\x20-\\x7e]*)?$`)

/**
 * Refuses a media type that no header can carry (RFC 9110 §8.3.1): a file that had it could be put in
 * and never be taken out.
 * @throws DeliveryError `invalid`
 */
export function checkMediaType(text: string): void {
  if (text.length <= 255 && mediaType.test(text)) return
  throw new DeliveryError(
    'invalid',
    'A media type is of the form "text/csv; charset=utf-8", with at most 255 characters of ASCII.',
    { details: { field: 'mediaType' } },
  )
}
