import type { ListedStudyFile } from '../../core/studies/study-listing.ts'
import { encodeSegment } from '../../core/studies/study-path.ts'

/** An element of a listing, its members in the order of the document. */
export interface FileEntry {
  orga_code_ref: string
  url: string
  file_last_modified_date: string
  study_code_ref: string
  file_name: string
  delivery_code_ref: string
}

/** What the live system shows besides. */
export interface NamedFileEntry extends FileEntry {
  orga_name: string
  study_name: string
  delivery_name: string
}

/** What stays the same in one listing. */
export interface ListingFrame {
  /** Where the API is, without a slash at the end: `https://files.example/api_file/v1`. */
  base: string
  organization: { code: string; name: string }
  /** The offset of all dates, in minutes. */
  offset: number
  withNames: boolean
}

/** A file as a listing shows it; with names in the `shipped` profile. */
export function toFileEntry(
  frame: ListingFrame,
  file: ListedStudyFile,
): FileEntry | NamedFileEntry {
  const { organization } = frame
  const path = [organization.code, file.study_code, file.delivery_code, file.segment]
  const entry: FileEntry = {
    orga_code_ref: organization.code,
    url: `${frame.base}/${path.map(encodeSegment).join('/')}`,
    file_last_modified_date: formatDate(file.modified_at, frame.offset),
    study_code_ref: file.study_code,
    file_name: file.name,
    delivery_code_ref: file.delivery_code,
  }
  if (!frame.withNames) return entry
  return {
    ...entry,
    orga_name: organization.name,
    study_name: file.study_name,
    delivery_name: file.delivery_name,
  }
}

/**
 * `2021-04-02T15:44:37.293849+02:00`: always six digits and the same offset, so that dates compare
 * as texts.
 * @param microseconds since the epoch
 * @param offset in minutes
 */
export function formatDate(microseconds: number, offset: number): string {
  const milliseconds = Math.floor(microseconds / 1000)
  const local = new Date(milliseconds + offset * 60_000).toISOString().slice(0, -1)
  const rest = String(microseconds - milliseconds * 1000).padStart(3, '0')
  const minutes = Math.abs(offset)
  const [hour, minute] = [Math.floor(minutes / 60), minutes % 60].map((part) =>
    String(part).padStart(2, '0'),
  )
  return `${local}${rest}${offset < 0 ? '-' : '+'}${hour}:${minute}`
}

/** What a target below the API names, decoded. */
export interface NamedPath {
  organization: string
  study?: string
  delivery?: string
  /** The file's last segment. */
  segment?: string
}

/**
 * Reads `/ORG/`, `/ORG/STUDY/`, `/ORG/STUDY/DELIVERY/` (each with or without the slash at its end)
 * or `/ORG/STUDY/DELIVERY/file`. Null for anything else: then nothing is there.
 * @param path as it was sent, below the API, without a query
 */
export function fromPath(path: string): NamedPath | null {
  const sent = path.replace(/^\//, '').split('/')
  if (sent.length > 1 && sent.length < 5 && sent.at(-1) === '') sent.pop()
  if (sent.length > 4) return null
  const [organization = '', study, delivery, segment, ...wrong] = sent.map(decode)
  if ([organization, study, delivery, segment].includes('') || wrong.length > 0) return null
  return {
    organization,
    ...(study === undefined ? {} : { study }),
    ...(delivery === undefined ? {} : { delivery }),
    ...(segment === undefined ? {} : { segment }),
  }
}

/** Empty, so nothing that is there, when the encoding is broken. */
function decode(segment: string): string {
  try {
    const text = decodeURIComponent(segment)
    return text.includes('\0') ? '' : text
  } catch {
    return ''
  }
}
