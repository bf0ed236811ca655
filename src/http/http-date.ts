import { remember } from './remember.ts'

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const month = `(${months.join('|')})`
const time = '(\\d{2}):(\\d{2}):(\\d{2})'
const shortDay = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const longDay = '(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)'

const imfFixdate = new RegExp(`^${shortDay}, (\\d{2}) ${month} (\\d{4}) ${time} GMT$`)
const rfc850 = new RegExp(`^${longDay}, (\\d{2})-${month}-(\\d{2}) ${time} GMT$`)
const asctime = new RegExp(`^${shortDay} ${month} ([ \\d]\\d) ${time} (\\d{4})$`)

/** RFC 9110 §5.6.7: IMF-fixdate, in whole seconds. */
export function formatHttpDate(date: Date): string {
  return formatSeconds(Math.floor(date.getTime() / 1000))
}

const formatSeconds = remember((seconds: number) => new Date(seconds * 1000).toUTCString())

/**
 * Milliseconds since the epoch of any of the three formats of RFC 9110 §5.6.7, or `null` when it
 * is none of them.
 * @param now decides the century of the obsolete two-digit years
 */
export function parseHttpDate(field: string, now: number): number | null {
  const fixed = imfFixdate.exec(field)
  if (fixed !== null) {
    const [, day, name, year, ...clock] = fixed
    return instant(Number(year), name, day, clock)
  }
  const old = rfc850.exec(field)
  if (old !== null) {
    const [, day, name, year, ...clock] = old
    return instant(fullYear(Number(year), now), name, day, clock)
  }
  const unix = asctime.exec(field)
  if (unix === null) return null
  const [, name, day, hour, minute, second, year] = unix
  return instant(Number(year), name, day, [hour, minute, second])
}

/** RFC 9110 §5.6.7: more than 50 years in the future means the past century. */
function fullYear(twoDigits: number, now: number): number {
  const thisYear = new Date(now).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + twoDigits
  return year > thisYear + 50 ? year - 100 : year
}

function instant(
  year: number,
  name: string | undefined,
  day: string | undefined,
  clock: readonly (string | undefined)[],
): number | null {
  const [hour, minute, second] = clock.map(Number) as [number, number, number]
  // 60 is a leap second.
  if (hour > 23 || minute > 59 || second > 60) return null
  const monthIndex = months.indexOf(name ?? '')
  const date = new Date(Date.UTC(year, monthIndex, Number(day)))
  date.setUTCFullYear(year, monthIndex, Number(day))
  // 31 February would become a day in March.
  if (date.getUTCMonth() !== monthIndex || date.getUTCDate() !== Number(day)) return null
  return date.getTime() + ((hour * 60 + minute) * 60 + Math.min(second, 59)) * 1000
}
