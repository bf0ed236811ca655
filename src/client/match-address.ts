import { ClientError } from './client-error.ts'
import { shownUrl } from './shown-url.ts'

/**
 * The parts of an address of an API, as its pattern has them.
 * @param form what such addresses look like, for people
 * @throws ClientError `bad_input` when it is none: whoever names the API by hand may be wrong
 */
export function matchAddress(url: string, pattern: RegExp, form: string): RegExpExecArray {
  const found = pattern.exec(url)
  if (found !== null) return found
  throw new ClientError(
    'bad_input',
    `${shownUrl(url)} is no address of that API, which look like ${form}.`,
  )
}
