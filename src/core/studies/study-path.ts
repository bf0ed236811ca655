import { parseCode } from '../accounts/code.ts'
import { hasPermission, type Principal } from '../principal.ts'

/** Where a delivery is published: three codes. */
export interface StudyPath {
  /** The code of the organization. */
  organization: string
  study: string
  delivery: string
}

/**
 * The codes of a path in the form in which they are stored.
 * @throws DeliveryError `invalid`
 */
export function parseStudyPath(path: StudyPath): StudyPath {
  return {
    organization: parseCode(path.organization, {
      what: "An organization's code",
      field: 'organization',
    }),
    study: parseCode(path.study, { what: "A study's code", field: 'study' }),
    delivery: parseCode(path.delivery, { what: "A delivery's code", field: 'delivery' }),
  }
}

/**
 * Text as one segment of a path: everything but unreserved characters (RFC 3986 §2.3) is
 * percent-encoded, the quotes and brackets as well that `encodeURIComponent` leaves to the shell.
 */
export function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** `study:ACME/ACME-3`: who holds it sees the study. Codes stand in it as in a URL. */
export function studyPermission(verb: 'study' | 'publish', organization: string, study: string) {
  return `${verb}:${encodeSegment(organization)}/${encodeSegment(study)}`
}

/** Which studies of their own organization somebody sees: all of them, or those with these codes. */
export function visibleStudies(principal: Principal, organization: string): 'all' | string[] {
  const whole = `study:${encodeSegment(organization)}`
  if (hasPermission(principal, whole)) return 'all'
  return [...principal.permissions].flatMap((held) =>
    held.startsWith(`${whole}/`) ? [decodeCode(held.slice(whole.length + 1))] : [],
  )
}

function decodeCode(text: string): string {
  try {
    return decodeURIComponent(text).normalize('NFC')
  } catch {
    // A permission that somebody wrote with a bare percent sign.
    return text.normalize('NFC')
  }
}
